namespace KvScheduling;

/// <summary>A sequence as it is handed to an engine.</summary>
public readonly ref struct SequenceStart
{
    /// <summary>The slot, in <c>[0, <see cref="EngineDescription.MaxSequences"/>)</c>.</summary>
    public required int Slot { get; init; }

    /// <summary>The prompt.</summary>
    public required ReadOnlySpan<int> Prompt { get; init; }

    /// <summary>Output generated before an eviction or restart; empty at the first start. Prompt and output together are computed before the next token is sampled.</summary>
    public ReadOnlySpan<int> Output { get; init; }

    /// <summary>The most tokens the sequence will ever hold: prompt and output limit.</summary>
    public required int MaxTotalTokens { get; init; }

    /// <summary>How tokens are chosen; the seed is always set.</summary>
    public required SamplingSettings Sampling { get; init; }

    /// <summary>A grammar the output must follow; only set when the engine supports guidance.</summary>
    public OutputConstraint? Constraint { get; init; }

    /// <summary>How many leading tokens need not be computed because <see cref="SharedFromSlot"/> holds their KV; 0 for none. A multiple of the block size, unless the slot is continued.</summary>
    public int SharedTokens { get; init; }

    /// <summary>The slot whose leading KV is shared: running, held or parked. The same as <see cref="Slot"/> when a parked sequence is continued. Ignored when <see cref="SharedTokens"/> is 0.</summary>
    public int SharedFromSlot { get; init; }
}
