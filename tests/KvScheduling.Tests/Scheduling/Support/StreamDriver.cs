namespace KvScheduling.Tests;

/// <summary>Drives a scheduler core through a stream of arrivals in virtual time; a step takes what a cost model says.</summary>
internal sealed class StreamDriver : ISchedulerObserver
{
    private readonly StepEvent[] _events;
    private readonly StepPlan _plan;
    private readonly Func<StepShape, double> _seconds;

    /// <param name="engine">The engine.</param>
    /// <param name="options">The settings; their policy counts.</param>
    /// <param name="seconds">The time of a step.</param>
    public StreamDriver(EngineDescription engine, KvSchedulingOptions options, Func<StepShape, double> seconds)
    {
        _seconds = seconds;
        _plan = new StepPlan(engine.MaxSequences);
        _events = new StepEvent[engine.MaxSequences];
        Engine = new TestEngine(engine);
        Core = new SchedulerCore(options, engine, Policies.Create(options.Policy, options, engine), this);
    }

    public TestEngine Engine { get; }

    public SchedulerCore Core { get; }

    public TimeSpan Now { get; private set; }

    public List<(SchedulableRequest Request, DecisionReason Reason, TimeSpan At)> Decisions { get; } = [];

    public List<(SchedulingRegime Regime, TimeSpan At)> Regimes { get; } = [];

    public List<Batch> Batches { get; } = [];

    public bool CheckAlways { get; set; }

    public static StepShape ShapeOf(StepPlan plan, TestEngine engine, out long kvTokens)
    {
        StepShape shape = default;
        kvTokens = 0;
        foreach (StepItem item in plan.Items)
        {
            TestRequest request = engine.RequestIn(item.Slot);
            int computed = engine.ComputedIn(item.Slot);
            kvTokens += computed + item.Tokens;
            if (item.Tokens > 1 || computed == 0 || computed + item.Tokens < request.TokensToCompute)
            {
                shape.AddPrefill(item.Tokens, computed);
            }
            else
            {
                shape.AddDecode(computed);
            }
        }

        return shape;
    }

    /// <summary>Runs until everything has ended, or until nothing happens any more before a time.</summary>
    /// <param name="arrivals">Requests and when they arrive, in order of time.</param>
    /// <param name="until">When to stop; null: when all is done.</param>
    public void Run(IReadOnlyList<(TimeSpan At, TestRequest Request)> arrivals, TimeSpan? until = null)
    {
        int next = 0;
        while (next < arrivals.Count || Core.HasWork)
        {
            while (next < arrivals.Count && arrivals[next].At <= Now)
            {
                Core.Enqueue(arrivals[next].Request, arrivals[next++].At);
            }

            if (Step())
            {
                continue;
            }

            TimeSpan? wake = next < arrivals.Count ? arrivals[next].At : null;
            if (Core.HasWork && Core.NextWake is TimeSpan due && !(wake < due))
            {
                wake = due;
            }

            if (wake is null || wake > until)
            {
                Assert.True(until is not null || !Core.HasWork, "Work waits for ever.");
                return;
            }

            Now = wake > Now ? wake.Value : Now + TimeSpan.FromTicks(1);
        }
    }

    void ISchedulerObserver.OnDecision(SchedulableRequest request, DecisionReason reason, TimeSpan now) => Decisions.Add((request, reason, now));

    void ISchedulerObserver.OnRegime(SchedulingRegime before, SchedulingRegime after, int waiting, int running, TimeSpan now) => Regimes.Add((after, now));

    private bool Step()
    {
        Core.Plan(_plan, Now);
        foreach (int slot in _plan.Removals)
        {
            Engine.Remove(slot);
        }

        foreach (PlannedStart start in _plan.Starts)
        {
            Engine.Start(start);
        }

        Check();
        if (_plan.Items.IsEmpty)
        {
            return false;
        }

        StepShape shape = ShapeOf(_plan, Engine, out long kvTokens);
        int count = Engine.RunStep(_plan.Items, _events);
        TimeSpan begun = Now;
        Now += TimeSpan.FromTicks((long)Math.Round(_seconds(shape) * TimeSpan.TicksPerSecond));
        Batches.Add(new Batch(begun, Now, kvTokens, _plan.Items.Length, shape));
        Core.Complete(_events.AsSpan(0, count), Now);
        Check();
        return true;
    }

    private void Check()
    {
        if (CheckAlways)
        {
            Core.CheckInvariants();
        }
    }

    /// <summary>A step that ran.</summary>
    /// <param name="Begun">When it began.</param>
    /// <param name="Ended">When it ended.</param>
    /// <param name="KvTokens">KV tokens of everybody in it, after it.</param>
    /// <param name="Size">Sequences in it.</param>
    /// <param name="Shape">What it computed.</param>
    internal sealed record Batch(TimeSpan Begun, TimeSpan Ended, long KvTokens, int Size, StepShape Shape);
}
