namespace KvScheduling.Benchmarks;

/// <summary>A scheduler core with an engine that takes no time: plans and their events, nothing else.</summary>
internal sealed class CoreBench
{
    /// <summary>KV for everything that a line may hold.</summary>
    public const long AmpleKv = 1L << 40;

    public const int MaxContextTokens = 1 << 20;
    private const int BlockTokens = 16;
    private readonly StepPlan _plan = new();
    private readonly StepEvent[] _events;
    private readonly Random _random = new(1);
    private long _now;

    /// <param name="policy">One of <see cref="SchedulingPolicies"/>.</param>
    /// <param name="slots">How many may run.</param>
    /// <param name="kvBudgetTokens">The budget.</param>
    public CoreBench(string policy, int slots, long kvBudgetTokens)
    {
        EngineDescription engine = new()
        {
            EngineName = "none",
            ModelId = "none",
            KvCapacityTokens = kvBudgetTokens / BlockTokens * BlockTokens,
            BlockTokens = BlockTokens,
            MaxSequences = slots,
            MaxContextTokens = MaxContextTokens,
            MaxStepTokens = 1 << 20,
            VocabularySize = 10,
            EndTokens = [BenchRequest.EndToken],
            Hold = HoldSupport.Free,
            SupportsChunkedPrefill = true,
            SupportsExactResume = true,
        };
        KvSchedulingOptions options = new()
        {
            Policy = policy,
            MaxRunningRequests = slots,
            MaxStepTokens = engine.MaxStepTokens,
            PrefillChunkTokens = engine.MaxStepTokens,
            MaxPartialPrefills = slots,
            PromoteAfter = null,
        };
        _events = new StepEvent[slots];
        PolicyContext context = new(options, engine, engine.KvCapacityTokens);
        Core = new SchedulerCore(options, engine, () => PolicyCatalog.Get(policy)(context));
    }

    public SchedulerCore Core { get; }

    /// <summary>Puts requests of mixed lengths into the line: prompts of 16 to 1024 tokens, outputs of 8 to 512, as expected by their callers.</summary>
    public void Enqueue(int count)
    {
        for (int i = 0; i < count; i++)
        {
            Enqueue(CreateRequest());
        }
    }

    public BenchRequest CreateRequest()
    {
        int output = _random.Next(8, 513);
        return new BenchRequest(_random.Next(16, 1025), output, output);
    }

    public void Enqueue(SchedulableRequest request) => Core.Enqueue(request, Now());

    /// <summary>Plans a step, and takes it as carried out: every sequence gets a word, the first ones of the plan their end.</summary>
    /// <param name="ends">How many end.</param>
    public int Step(int ends = 0)
    {
        Plan();
        return Complete(ends);
    }

    /// <summary>Plans a step.</summary>
    /// <returns>How many requests start.</returns>
    public int Plan()
    {
        Core.Plan(_plan, Now());
        return _plan.Starts.Count;
    }

    /// <summary>Takes the planned step as carried out.</summary>
    public int Complete(int ends = 0)
    {
        ReadOnlySpan<StepItem> items = _plan.Items;
        for (int i = 0; i < items.Length; i++)
        {
            _events[i] = new StepEvent(items[i].Slot, items[i].Tokens, i < ends ? BenchRequest.EndToken : BenchRequest.Word);
        }

        Core.Complete(_events.AsSpan(0, items.Length), Now());
        return items.Length;
    }

    private TimeSpan Now() => TimeSpan.FromTicks(_now += 100);
}
