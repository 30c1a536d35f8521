namespace KvScheduling.ManagedEngine;

/// <summary>The weights of one transformer layer.</summary>
internal sealed unsafe class LayerWeights
{
    public required float* AttentionNorm { get; init; }

    public required float* MlpNorm { get; init; }

    /// <summary>Normalises each query head (Qwen3); null when the model does not.</summary>
    public required float* QueryNorm { get; init; }

    /// <summary>Normalises each key head (Qwen3); null when the model does not.</summary>
    public required float* KeyNorm { get; init; }

    /// <summary>Queries, keys and values as one matrix, in this order.</summary>
    public required PackedMatrix QueryKeyValue { get; init; }

    public required PackedMatrix AttentionOutput { get; init; }

    /// <summary>A panel of the gate, a panel of the up projection, the next of the gate and so on: one work item has both factors of its outputs.</summary>
    public required PackedMatrix GateUp { get; init; }

    public required PackedMatrix Down { get; init; }
}
