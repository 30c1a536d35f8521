namespace KvScheduling.Tests;

/// <summary>Drives a scheduler core and a test engine step by step; a step takes one second, unless prompts take time.</summary>
internal sealed class SchedulerHarness : ISchedulerObserver
{
    private readonly StepEvent[] _events;

    public SchedulerHarness(EngineDescription engine, KvSchedulingOptions? options = null, Func<ISchedulingPolicy>? policy = null)
    {
        Options = options ?? new KvSchedulingOptions();
        Engine = new TestEngine(engine);
        Core = new SchedulerCore(Options, engine, policy ?? (() => new FcfsPolicy()), this);
        Plan = new StepPlan(engine.MaxSequences);
        _events = new StepEvent[engine.MaxSequences];
    }

    public KvSchedulingOptions Options { get; }

    public TestEngine Engine { get; }

    public SchedulerCore Core { get; }

    public StepPlan Plan { get; }

    public TimeSpan Now { get; set; }

    public int Round => (int)Now.TotalSeconds;

    public List<(SchedulableRequest Request, DecisionReason Reason, TimeSpan At)> Decisions { get; } = [];

    /// <summary>All requests, in the order they were added.</summary>
    public List<TestRequest> Added { get; } = [];

    public bool CheckAlways { get; set; } = true;

    /// <summary>What a step takes beside its second, per token of the prompts that it computes.</summary>
    public double SecondsPerPromptToken { get; set; }

    /// <summary>An engine of unit rounds: every prompt is computed in the step it starts in.</summary>
    public static EngineDescription UnitRounds(long kvTokens, int block = 1, int slots = 4096) => new()
    {
        EngineName = "test",
        ModelId = "test",
        KvCapacityTokens = kvTokens - (kvTokens % block),
        BlockTokens = block,
        MaxSequences = slots,
        MaxContextTokens = 1 << 15,
        MaxStepTokens = int.MaxValue,
        VocabularySize = 2000,
        Hold = HoldSupport.Free,
        SupportsChunkedPrefill = true,
        SupportsExactResume = true,
    };

    /// <summary>Options under which nothing but memory and order decides.</summary>
    public static KvSchedulingOptions PureOptions(KvReservation reservation = KvReservation.Guaranteed) => new()
    {
        Reservation = reservation,
        MaxRunningRequests = 65_536,
        MaxStepTokens = int.MaxValue,
        PrefillChunkTokens = int.MaxValue - 1,
        MaxPartialPrefills = int.MaxValue,
        Backfill = false,
        PromoteAfter = null,
        MaxParkedSequences = 0,
    };

    public TestRequest Add(TestRequest request)
    {
        Core.Enqueue(request, Now);
        Added.Add(request);
        return request;
    }

    public TestRequest Add(int prompt, int limit, int? actual = null, SchedulingHints? hints = null) => Add(new TestRequest(prompt, limit, actual, hints));

    /// <summary>Plans a step and lets the engine start and free sequences.</summary>
    public void PlanOnly()
    {
        Core.Plan(Plan, Now);
        foreach (int slot in Plan.Removals)
        {
            Engine.Remove(slot);
        }

        foreach (PlannedStart start in Plan.Starts)
        {
            Engine.Start(start);
        }

        Check();
    }

    /// <summary>One whole step.</summary>
    /// <returns>Whether anything ran.</returns>
    public bool Step()
    {
        PlanOnly();
        if (Plan.Items.Length == 0)
        {
            Now += TimeSpan.FromSeconds(1);
            return false;
        }

        RunPlanned(null);
        return true;
    }

    /// <summary>Runs what was planned, or fails the step.</summary>
    public void RunPlanned(Exception? error)
    {
        if (Plan.Items.Length == 0)
        {
            return;
        }

        if (error is not null)
        {
            Now += TimeSpan.FromSeconds(1);
            Core.FailStep(error, Now);
        }
        else
        {
            int count = Engine.RunStep(Plan.Items, _events);
            int promptTokens = Plan.Items.ToArray().Sum(static item => item.Tokens > 1 ? item.Tokens : 0);
            Now += TimeSpan.FromSeconds(1 + (SecondsPerPromptToken * promptTokens));
            Core.Complete(_events.AsSpan(0, count), Now);
        }

        Check();
    }

    /// <summary>Steps until nothing waits or runs.</summary>
    /// <returns>Steps taken.</returns>
    public int Drain(int limit = 1_000_000)
    {
        int steps = 0;
        while (Core.WaitingCount > 0 || Core.RunningCount > 0)
        {
            Step();
            if (++steps > limit)
            {
                throw new InvalidOperationException($"Not drained after {limit} steps: {Core.WaitingCount} wait, {Core.RunningCount} run.");
            }
        }

        return steps;
    }

    public int CountOf(DecisionReason reason) => Decisions.Count(decision => decision.Reason == reason);

    public DecisionReason ReasonOf(SchedulableRequest request) => Decisions.Last(decision => decision.Request == request).Reason;

    void ISchedulerObserver.OnDecision(SchedulableRequest request, DecisionReason reason, TimeSpan now) => Decisions.Add((request, reason, now));

    private void Check()
    {
        if (CheckAlways)
        {
            Core.CheckInvariants();
        }
    }
}
