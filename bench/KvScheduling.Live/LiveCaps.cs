namespace KvScheduling.Live;

/// <summary>The caps under which everything runs, so that only the policy differs.</summary>
/// <param name="KvTokens">The KV budget.</param>
/// <param name="Running">The most requests that hold KV at once.</param>
/// <param name="StepTokens">The most tokens per step.</param>
/// <param name="ChunkTokens">The most tokens of one prompt per step.</param>
internal sealed record LiveCaps(int KvTokens, int Running = 32, int StepTokens = 256, int ChunkTokens = 64)
{
    /// <summary>Iterations per cycle in which the streaming policies gather requests.</summary>
    public int CycleSteps { get; init; } = 1;

    public void Apply(KvSchedulingOptions options)
    {
        options.KvBudgetTokens = KvTokens;
        options.MaxRunningRequests = Running;
        options.MaxStepTokens = StepTokens;
        options.PrefillChunkTokens = ChunkTokens;
        options.MaxQueuedRequests = 100_000;
        options.MaxQueuedTokens = 100_000_000;

        // Prompts are random: nothing can be shared.
        options.PrefixScope = PrefixScope.None;
        options.MaxParkedSequences = 0;
    }
}
