namespace KvScheduling.Baselines;

/// <summary>The schedulers of .NET libraries, with the limits that they ship with.</summary>
internal static class DotNetRules
{
    /// <summary>How many contexts a pool of contexts has.</summary>
    public const int PoolContexts = 4;

    private static readonly TimeSpan PoolWait = TimeSpan.FromSeconds(30);

    /// <summary>TensorSharp: 16 requests, 4,096 tokens a step, prompts in chunks of 1,024; a blocked head blocks all; the lowest in rank below the asker is computed again.</summary>
    public static BaselineRules TensorSharp() => new()
    {
        Form = StepForm.DecodesFirst,
        Charge = new PromptCharge(),
        Victims = VictimRules.LowestRankBelow,
        SharesPrompts = true,
        MaxRunning = 16,
        StepTokens = 4096,
        ChunkTokens = 1024,
    };

    /// <summary>dotLLM: 64 requests, whole prompts, nobody is evicted; who finds no room for a token fails.</summary>
    public static BaselineRules DotLlm() => new()
    {
        Form = StepForm.DecodesFirst,
        Charge = new PromptCharge(),
        WholePrompts = true,
        WhenDry = DryPool.FailRequest,
        MaxRunning = 64,
    };

    /// <summary>The fork of dotLLM with start-time fair tags per key, and tiers of which only a strictly lower one gives way.</summary>
    public static BaselineRules DotLlmSfq(PolicyContext context) => DotLlm() with
    {
        Order = new StartTimeFairOrder(tenant => context.Options.TenantWeights.TryGetValue(tenant, out double weight) ? weight : 1),
        Victims = VictimRules.LowerPriority,
        EvictsForStarts = true,
    };

    /// <summary>AiDotNet: 8 requests, prompt and output limit reserved, priority alone orders; a lower priority gives way.</summary>
    public static BaselineRules AiDotNet() => new()
    {
        Form = StepForm.DecodesFirst,
        Charge = new WorstCaseCharge(),
        Order = new PriorityOrder(),
        Victims = VictimRules.LowerPriority,
        EvictsForStarts = true,
        WholePrompts = true,
        MaxRunning = 8,
    };

    /// <summary>Foundry Local: first come, first served into the engine; a step that the engine refuses for capacity is tried again for 100 ms, then everything fails.</summary>
    public static BaselineRules Foundry() => new() { Form = StepForm.DecodesFirst, Charge = new PromptCharge(), WhenDry = DryPool.FailAll, MaxRunning = 16, StepTokens = 2048 };

    /// <summary>The engine of ONNX Runtime GenAI with the preemption that it plans: decodes, then prompts; later requests pass one that does not fit; one victim a step, evicted least often, after at
    /// least 8 decodes, and only where that is enough. Without one, who finds no room waits.</summary>
    public static BaselineRules GenAIDecodeFirst() => new()
    {
        Form = StepForm.DecodesFirst,
        Charge = new PromptCharge(),
        Victims = VictimRules.Planned,
        SkipsBlocked = true,
        MaxRunning = 16,
        StepTokens = 2048,
    };

    /// <summary>A pool of contexts of equal size, as Overfit has it: a request waits for a free one for 30 seconds, then it is refused. Generous: its contexts run in one batch here.</summary>
    public static BaselineRules Pool() => new()
    {
        Form = StepForm.DecodesFirst,
        Charge = new ContextCharge(PoolContexts),
        WholePrompts = true,
        MaxRunning = PoolContexts,
        MaxWait = PoolWait,
    };

    /// <summary>A lock around the model: one request after the other, however long that takes.</summary>
    public static BaselineRules Lock() => new() { Form = StepForm.DecodesFirst, Charge = new WorstCaseCharge(), WholePrompts = true, MaxRunning = 1 };
}
