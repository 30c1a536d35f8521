namespace KvScheduling.Conformance;

/// <summary>How large an engine must be.</summary>
public sealed record EngineSize
{
    /// <summary>Room in the KV cache, in tokens; rounded to whole blocks.</summary>
    public long KvCapacityTokens { get; init; } = 16_384;

    /// <summary>Slots.</summary>
    public int MaxSequences { get; init; } = 16;

    /// <summary>The most tokens computed in one step; at least the longest prompt where prompts are not chunked.</summary>
    public int MaxStepTokens { get; init; } = 1024;
}
