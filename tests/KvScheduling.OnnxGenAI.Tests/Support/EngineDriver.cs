namespace KvScheduling.OnnxGenAI.Tests;

/// <summary>One request of a driven run.</summary>
internal sealed class DrivenRequest(string id, int[] prompt, int maxOutput, SamplingSettings? sampling = null, OutputConstraint? constraint = null, bool ignoreEnd = false)
{
    public string Id => id;

    public int[] Prompt => prompt;

    public int MaxOutput => maxOutput;

    public SamplingSettings Sampling => sampling ?? SamplingSettings.Greedy with { Seed = 1 };

    public OutputConstraint? Constraint => constraint;

    public bool IgnoreEnd => ignoreEnd;

    public List<int> Output { get; } = [];

    public int Slot { get; set; } = -1;

    public bool IsDone { get; set; }

    public bool IsCancelled { get; set; }

    /// <summary>Why the engine gave it up, if it did.</summary>
    public string? Failure { get; set; }

    /// <summary>Tokens not yet in the KV cache.</summary>
    public int Uncomputed { get; set; }

    public int Evictions { get; set; }

    public static DrivenRequest Of(GoldenCase golden) => new(golden.Id, golden.Prompt, golden.Output.Length + (golden.EndsByItself ? 1 : 0));
}

/// <summary>The smallest scheduler that keeps the port's rules: starts what fits the pool, plans within the step's budget, and disturbs at random when asked to.</summary>
internal sealed class EngineDriver(IInferenceEngine engine, int? disturbSeed = null)
{
    private readonly EngineDescription _engine = engine.Description;
    private readonly Random? _random = disturbSeed is { } seed ? new Random(seed) : null;
    private readonly List<DrivenRequest> _running = [];
    private readonly Queue<DrivenRequest> _waiting = new();

    public long Steps { get; private set; }

    public int Holds { get; private set; }

    public int Evictions { get; private set; }

    public int OutOfCapacity { get; private set; }

    /// <summary>The most sequences that one step advanced.</summary>
    public int WidestStep { get; private set; }

    /// <summary>Whether every request reserves its limit; else only what it has, so that the pool can run out.</summary>
    public bool ReservesLimit { get; init; } = true;

    /// <summary>Called before each step with its number.</summary>
    public Action<long>? BeforeStep { get; init; }

    /// <summary>Runs requests to their ends.</summary>
    public void Run(IEnumerable<DrivenRequest> requests, int mostSteps = 200_000)
    {
        foreach (DrivenRequest request in requests)
        {
            _waiting.Enqueue(request);
        }

        StepItem[] plan = new StepItem[_engine.MaxSequences];
        StepEvent[] events = new StepEvent[_engine.MaxSequences];
        while (_waiting.Count + _running.Count > 0)
        {
            Assert.True(Steps++ < mostSteps, "The run does not end.");
            Disturb();
            BeforeStep?.Invoke(Steps);
            StartWhatFits();
            int count = Plan(plan);
            int happened = engine.RunStep(plan.AsSpan(0, count), events);
            WidestStep = Math.Max(WidestStep, count);
            bool isStuck = true;
            foreach (StepEvent one in events.AsSpan(0, happened))
            {
                Apply(one);
                isStuck &= one.Status == SequenceStatus.OutOfCapacity;
            }

            if (isStuck && count > 0 && _running.Count > 1)
            {
                Evict(_running[^1]);
            }
        }
    }

    public void Evict(DrivenRequest request)
    {
        Release(request);
        request.Evictions++;
        Evictions++;
        _waiting.Enqueue(request);
    }

    private void Release(DrivenRequest request)
    {
        engine.Remove(request.Slot);
        request.Slot = -1;
        _running.Remove(request);
    }

    private void Disturb()
    {
        if (_random is null || _running.Count == 0)
        {
            return;
        }

        if (_random.Next(6) == 0)
        {
            Evict(_running[_random.Next(_running.Count)]);
        }
        else if (_random.Next(100) == 0)
        {
            DrivenRequest victim = _running[_random.Next(_running.Count)];
            Release(victim);
            victim.IsCancelled = victim.IsDone = true;
        }
    }

    private void StartWhatFits()
    {
        while (_waiting.TryPeek(out DrivenRequest? next) && _running.Count < _engine.MaxSequences && Fits(next))
        {
            _waiting.Dequeue();
            next.Slot = Enumerable.Range(0, _engine.MaxSequences).First(slot => _running.TrueForAll(other => other.Slot != slot));
            next.Uncomputed = next.Prompt.Length + next.Output.Count;
            engine.Start(new SequenceStart
            {
                Slot = next.Slot,
                Prompt = next.Prompt,
                Output = next.Output.ToArray(),
                MaxTotalTokens = next.Prompt.Length + next.MaxOutput,
                Sampling = next.Sampling,
                Constraint = next.Constraint,
            });
            _running.Add(next);

            // Arrivals spread over the steps.
            if (_random?.Next(3) == 0)
            {
                return;
            }
        }
    }

    private bool Fits(DrivenRequest next)
    {
        long blocks = Blocks(next);
        foreach (DrivenRequest other in _running)
        {
            blocks += Blocks(other);
        }

        return blocks <= _engine.KvCapacityTokens / _engine.BlockTokens;
    }

    private long Blocks(DrivenRequest request)
    {
        int tokens = request.Prompt.Length + (ReservesLimit ? request.MaxOutput : request.Output.Count + 1);
        return (tokens + _engine.BlockTokens - 1) / _engine.BlockTokens;
    }

    private int Plan(StepItem[] plan)
    {
        int count = 0;
        int budget = _engine.MaxStepTokens - _running.Count;
        foreach (DrivenRequest request in _running)
        {
            if (_random is not null && _engine.Hold != HoldSupport.None && _running.Count > 1 && _random.Next(8) == 0)
            {
                Holds++;
                continue;
            }

            int tokens = request.Uncomputed == 1 ? 1 : _engine.SupportsChunkedPrefill ? Math.Clamp(budget, 1, request.Uncomputed) : request.Uncomputed;
            budget -= tokens;
            plan[count++] = new StepItem(request.Slot, tokens);
        }

        if (count == 0 && _running.Count > 0)
        {
            plan[count++] = new StepItem(_running[0].Slot, 1);
        }

        return count;
    }

    private void Apply(StepEvent happened)
    {
        DrivenRequest request = _running.Find(one => one.Slot == happened.Slot)!;
        Assert.InRange(happened.Computed, 0, request.Uncomputed);
        request.Uncomputed -= happened.Computed;
        if (happened.Status == SequenceStatus.OutOfCapacity)
        {
            OutOfCapacity++;
            return;
        }

        if (happened.Status == SequenceStatus.Failed)
        {
            request.Failure = "The engine reported the sequence as failed.";
            request.IsDone = true;
            Release(request);
            return;
        }

        if (happened.Token == StepEvent.NoToken)
        {
            Assert.True(request.Uncomputed > 0, "All is computed, but nothing was sampled.");
            return;
        }

        Assert.Equal(0, request.Uncomputed);
        request.Uncomputed = 1;
        bool isEnd = !request.IgnoreEnd && _engine.EndTokens.Contains(happened.Token);
        if (!isEnd)
        {
            request.Output.Add(happened.Token);
        }

        if (isEnd || request.Output.Count == request.MaxOutput)
        {
            request.IsDone = true;
            Release(request);
        }
    }
}
