namespace KvScheduling.ManagedEngine;

/// <summary>How large a model's buffers are and how it computes. Checked by whoever makes it.</summary>
internal sealed record ModelLimits
{
    public required int KvBlocks { get; init; }

    public required int MaxStepTokens { get; init; }

    public required int MaxSequences { get; init; }

    /// <summary>At most the model's own.</summary>
    public required int MaxContextTokens { get; init; }

    public required int Threads { get; init; }

    public WeightFormat WeightFormat { get; init; }

    public int MaxVectorBits { get; init; } = 512;
}
