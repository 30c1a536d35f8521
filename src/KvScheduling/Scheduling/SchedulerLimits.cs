namespace KvScheduling;

/// <summary>What options and engine together allow.</summary>
internal sealed class SchedulerLimits
{
    public SchedulerLimits(KvSchedulingOptions options, EngineDescription engine)
    {
        long budget = Math.Min(options.KvBudgetTokens ?? engine.KvCapacityTokens, engine.KvCapacityTokens);
        BudgetTokens = budget - (budget % engine.BlockTokens);
        MaxContextTokens = engine.MaxContextTokens;
        MaxStepTokens = Math.Min(options.MaxStepTokens, engine.MaxStepTokens);
        EngineStepTokens = engine.MaxStepTokens;
        CanHold = engine.Hold != HoldSupport.None;
        ChunkTokens = engine.SupportsChunkedPrefill ? options.PrefillChunkTokens : int.MaxValue;
        MaxPartialPrefills = options.MaxPartialPrefills;
        int running = Math.Min(options.MaxRunningRequests, engine.MaxSequences);

        // Where nobody can be held back, everybody must fit the step.
        MaxRunning = CanHold ? running : Math.Min(running, MaxStepTokens);
    }

    /// <summary>The KV budget in tokens, whole blocks.</summary>
    public long BudgetTokens { get; }

    public int MaxContextTokens { get; }

    public int MaxStepTokens { get; }

    /// <summary>The most tokens that the engine computes in a step, whatever the options say.</summary>
    public int EngineStepTokens { get; }

    public int MaxRunning { get; }

    /// <summary>The most tokens of one prompt in one step; no limit where the engine takes prompts whole.</summary>
    public int ChunkTokens { get; }

    public bool IsChunked => ChunkTokens != int.MaxValue;

    public int MaxPartialPrefills { get; }

    /// <summary>Whether a started sequence can be left out of a step.</summary>
    public bool CanHold { get; }

    /// <summary>Steps until a request is complete if it starts now and nothing delays it.</summary>
    public long StepsToComplete(SchedulableRequest request)
    {
        long prefill = (((long)request.TokensToCompute - 1) / ChunkTokens) + 1;
        return prefill + RequestSize.Output(request) - 1;
    }
}
