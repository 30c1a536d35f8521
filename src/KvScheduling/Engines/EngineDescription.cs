namespace KvScheduling;

/// <summary>What an engine is and what it can do. Honest: a capability that is claimed is one that the conformance suite checks.</summary>
public sealed record EngineDescription
{
    /// <summary>The kind of engine, for reports: <c>managed</c>, <c>simulated</c>, <c>onnx-paged</c>.</summary>
    public required string EngineName { get; init; }

    /// <summary>The model, as callers name it.</summary>
    public required string ModelId { get; init; }

    /// <summary>Room in the KV cache, in tokens. A multiple of <see cref="BlockTokens"/>.</summary>
    public required long KvCapacityTokens { get; init; }

    /// <summary>Tokens per KV block; 1 when KV is not paged. A sequence of n tokens occupies ⌈n / block⌉ blocks.</summary>
    public required int BlockTokens { get; init; }

    /// <summary>Slots: the most sequences that may hold KV at once.</summary>
    public required int MaxSequences { get; init; }

    /// <summary>The model's context, in tokens of prompt and output together.</summary>
    public required int MaxContextTokens { get; init; }

    /// <summary>The most tokens computed in one step.</summary>
    public required int MaxStepTokens { get; init; }

    /// <summary>Token ids are in <c>[0, this)</c>.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>The ids that end an output.</summary>
    public IReadOnlyList<int> EndTokens { get; init; } = [];

    /// <summary>What leaving a started sequence out of a step costs.</summary>
    public HoldSupport Hold { get; init; }

    /// <summary>Whether a prompt may be computed over several steps in chunks that the plan names. Otherwise a prompt is planned whole.</summary>
    public bool SupportsChunkedPrefill { get; init; }

    /// <summary>Whether an evicted sequence continues with exactly the tokens it would have had.</summary>
    public bool SupportsExactResume { get; init; }

    /// <summary>Whether <see cref="SequenceStart.Constraint"/> is obeyed.</summary>
    public bool SupportsGuidance { get; init; }

    /// <summary>Whether <see cref="SamplingSettings.FrequencyPenalty"/> and <see cref="SamplingSettings.PresencePenalty"/> are obeyed; a request that sets them is refused otherwise.</summary>
    /// <value>The default value is <see langword="true"/>.</value>
    public bool SupportsPenalties { get; init; } = true;

    /// <summary>What KV of other sequences a new one can start from.</summary>
    public PrefixReuse PrefixReuse { get; init; }
}

/// <summary>What leaving a started sequence out of a step costs.</summary>
public enum HoldSupport
{
    /// <summary>Not possible: every started sequence advances in every step.</summary>
    None,

    /// <summary>Possible, at the cost of computing up to a block of tokens again.</summary>
    Soft,

    /// <summary>Possible at no cost.</summary>
    Free,
}

/// <summary>What KV of other sequences a new one can start from.</summary>
public enum PrefixReuse
{
    /// <summary>None: every prompt is computed whole.</summary>
    None,

    /// <summary>A parked sequence can be continued in its own slot when the new prompt starts with all its tokens.</summary>
    Continue,

    /// <summary>Any leading full blocks of any started or parked sequence can be shared, and a parked one continued.</summary>
    Share,
}
