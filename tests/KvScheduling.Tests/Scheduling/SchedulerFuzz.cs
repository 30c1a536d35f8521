namespace KvScheduling.Tests;

/// <summary>Random operations against a scheduler core and an engine model, with every invariant checked after each.</summary>
internal sealed class SchedulerFuzz
{
    private readonly Random _random;
    private readonly SchedulerHarness _harness;
    private readonly EngineDescription _engine;
    private readonly bool _withFaults;
    private readonly List<TestRequest> _all = [];
    private readonly List<TestRequest> _open = [];
    private readonly HashSet<TestRequest> _poison = [];
    private readonly StepEvent[] _events;
    private int _idle;

    public SchedulerFuzz(int seed, EngineDescription engine, KvSchedulingOptions options, string policy, bool withFaults)
        : this(seed, engine, options, Policies.Create(policy, options, engine), withFaults)
    {
    }

    public SchedulerFuzz(int seed, EngineDescription engine, KvSchedulingOptions options, Func<ISchedulingPolicy> createPolicy, bool withFaults)
    {
        _random = new Random(seed);
        _engine = engine;
        _withFaults = withFaults;
        _harness = new SchedulerHarness(engine, options, createPolicy);
        _events = new StepEvent[engine.MaxSequences];
    }

    public SchedulerHarness Harness => _harness;

    /// <summary>By how much requests are shorter than those that just fit.</summary>
    public int Shortness { get; init; } = 1;

    public List<TestRequest> All => _all;

    public int Operations { get; private set; }

    /// <summary>How often each decision was taken, so that a run can be seen to reach them.</summary>
    public Dictionary<DecisionReason, int> Counts { get; } = [];

    /// <summary>A digest of every decision in its order.</summary>
    public ulong Digest { get; private set; } = 14695981039346656037;

    /// <summary>Starts that shared blocks.</summary>
    public int Shared { get; private set; }

    /// <summary>Starts that continued a parked sequence.</summary>
    public int Continued { get; private set; }

    public void Run(int operations)
    {
        for (int i = 0; i < operations; i++)
        {
            Operate();
            Operations++;
            Verify();
        }

        _poison.Clear();
        for (int i = 0; _open.Count > 0; i++)
        {
            Assert.True(i < 200_000, $"Not drained: {_harness.Core.WaitingCount} wait, {_harness.Core.RunningCount} run.");
            Step(healthy: true);
            Operations++;
            Verify();
        }

        _harness.PlanOnly();
        foreach (TestRequest request in _all)
        {
            Assert.Equal(1, request.Endings);
            if (request.State == RequestState.Completed)
            {
                Assert.Equal(Math.Min(request.ActualOutput, request.MaxOutputTokens), request.Tokens.Count);
            }
        }

        Assert.Equal(0, _harness.Core.KvUsedTokens);
        Assert.Equal(0, _harness.Core.WaitingTokens);
    }

    private void Operate()
    {
        switch (_random.Next(100))
        {
            case < 22 when _open.Count < 60:
                Arrive();
                break;
            case < 25:
                if (_all.Count > 0)
                {
                    // Now and then somebody who has ended already.
                    List<TestRequest> from = _open.Count > 0 && _random.Next(4) > 0 ? _open : _all;
                    _harness.Core.Cancel(from[_random.Next(from.Count)], _harness.Now);
                }

                break;
            case < 26:
                _harness.Now += TimeSpan.FromSeconds(_random.Next(20));
                break;
            default:
                Step(healthy: !_withFaults || _random.Next(8) > 0);
                break;
        }
    }

    private void Arrive()
    {
        int block = _engine.BlockTokens;
        int capacity = (int)_engine.KvCapacityTokens;
        int longest = capacity / Shortness;
        int limit = 1 + _random.Next(Math.Max(1, _random.Next(3) == 0 ? longest / 2 : longest / 8));
        int length = 1 + _random.Next(Math.Max(1, Math.Min(longest - limit, _random.Next(4) == 0 ? longest / 2 : longest / 6)));
        int[] prompt;
        TestRequest? earlier = _all.Count > 0 && _random.Next(3) == 0 ? _all[_random.Next(_all.Count)] : null;
        if (earlier is { State: RequestState.Completed } && earlier.Prompt.Length + earlier.Tokens.Count + 4 + limit <= capacity)
        {
            prompt = [.. earlier.Prompt, .. earlier.Tokens, .. TestPrompt.Tokens(_all.Count + 1000, 1 + _random.Next(4))];
        }
        else
        {
            int common = Math.Min(length, _random.Next(4) * block);
            prompt = [.. TestPrompt.Tokens(_random.Next(2), common), .. TestPrompt.Tokens(_all.Count + 1000, length - common)];
        }

        if (!_harness.Core.CanEverFit(prompt.Length, limit))
        {
            return;
        }

        var hints = new SchedulingHints
        {
            Tenant = (_all.Count % 4) switch { 0 => "a", 1 => "b", 2 => "c" + (_all.Count % 7), _ => null },
            Priority = _random.Next(4) == 0 ? _random.Next(3) : 0,
            ExpectedOutputTokens = _random.Next(3) == 0 ? 1 + _random.Next(limit) : null,
            Deadline = _random.Next(10) == 0 ? TimeSpan.FromSeconds(1 + _random.Next(400)) : null,
        };
        ulong[] blocks = _random.Next(5) == 0 ? [] : TestPrompt.Blocks(prompt, block);
        var request = new TestRequest(prompt.Length, limit, _random.Next(limit + 1), hints, _all.Count, blocks, prompt);
        _all.Add(request);
        _open.Add(request);
        if (_withFaults && _random.Next(60) == 0)
        {
            _poison.Add(request);
        }

        _harness.Core.Enqueue(request, _harness.Now);
    }

    private void Step(bool healthy)
    {
        SchedulerCore core = _harness.Core;
        StepPlan plan = _harness.Plan;
        TestEngine engine = _harness.Engine;
        core.Plan(plan, _harness.Now);
        core.CheckInvariants();
        foreach (int slot in plan.Removals)
        {
            engine.Remove(slot);
        }

        bool failed = false;
        foreach (PlannedStart start in plan.Starts)
        {
            if (!healthy && _random.Next(20) == 0)
            {
                core.FailStart(start.Request, new InvalidOperationException("start"), _harness.Now);
                core.CheckInvariants();
                failed = true;
            }
            else
            {
                Shared += start.SharedTokens > 0 && start.SharedFromSlot != start.Request.Slot ? 1 : 0;
                Continued += start.SharedTokens > 0 && start.SharedFromSlot == start.Request.Slot ? 1 : 0;
                engine.Start(start);
            }
        }

        _idle = plan.Items.Length == 0 && core.WaitingCount > 0 && !failed ? _idle + 1 : 0;
        Assert.True(_idle < 2, "Work waited and nothing ran for two steps.");
        if (plan.Items.Length == 0)
        {
            _harness.Now += TimeSpan.FromSeconds(1);
            return;
        }

        _harness.Now += TimeSpan.FromSeconds(1);
        foreach (StepItem item in plan.Items)
        {
            if (_poison.Contains(engine.RequestIn(item.Slot)))
            {
                core.FailStep(new InvalidOperationException("poison"), _harness.Now);
                return;
            }
        }

        int trouble = healthy ? 100 : _random.Next(100);
        if (trouble < 25)
        {
            core.FailStep(new EngineFaultException("step"), _harness.Now);
        }
        else if (trouble < 32)
        {
            core.LoseEngine(_harness.Now);
            engine.Lose();
        }
        else
        {
            SequenceStatus status = trouble < 60 ? SequenceStatus.OutOfCapacity : trouble < 80 ? SequenceStatus.Failed : SequenceStatus.Ok;
            engine.Trouble = status == SequenceStatus.Ok ? null : _ => _random.Next(3) == 0 ? status : SequenceStatus.Ok;
            int count = engine.RunStep(plan.Items, _events);
            core.Complete(_events.AsSpan(0, count), _harness.Now);
        }
    }

    private void Verify()
    {
        SchedulerCore core = _harness.Core;
        core.CheckInvariants();
        int queued = 0;
        int running = 0;
        for (int i = _open.Count - 1; i >= 0; i--)
        {
            TestRequest request = _open[i];
            queued += request.State == RequestState.Queued ? 1 : 0;
            running += request.State == RequestState.Running ? 1 : 0;
            Assert.Equal(request.GeneratedTokens, request.Tokens.Count);
            if (request.Tokens.Count > 0)
            {
                Assert.Equal(request.TokenAt(request.Tokens.Count - 1), request.Tokens[^1]);
            }

            if (request.State > RequestState.Running)
            {
                Assert.Equal(1, request.Endings);
                Assert.Equal(Enumerable.Range(0, request.Tokens.Count).Select(request.TokenAt), request.Tokens);
                _open.RemoveAt(i);
            }
            else
            {
                Assert.Equal(0, request.Endings);
            }
        }

        Assert.Equal(queued, core.WaitingCount);
        Assert.Equal(running, core.RunningCount);
        Assert.True(core.KvUsedTokens + core.KvParkedTokens <= core.KvBudgetTokens);
        foreach ((SchedulableRequest request, DecisionReason reason, TimeSpan at) in _harness.Decisions)
        {
            Digest = (((Digest ^ (ulong)request.ArrivalIndex) * 1099511628211) ^ (ulong)reason ^ (ulong)at.Ticks) * 1099511628211;
            Counts[reason] = Counts.GetValueOrDefault(reason) + 1;
            Assert.True(reason != DecisionReason.EvictedForKv || _harness.Options.Reservation == KvReservation.Predicted, "A guaranteed budget evicted.");
        }

        _harness.Decisions.Clear();
    }
}
