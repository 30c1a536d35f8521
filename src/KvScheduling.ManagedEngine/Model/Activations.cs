namespace KvScheduling.ManagedEngine;

/// <summary>The rows that flow through the layers, and the strides between them in floats.</summary>
internal sealed unsafe class Activations
{
    public Activations(NativeArena arena, ModelConfig config, TransformerWeights weights, ModelLimits limits)
    {
        long rows = limits.MaxStepTokens;
        LayerWeights layer = weights.Layers[0];
        HiddenStride = layer.Down.PaddedOutputs;
        QueryKeyValueStride = layer.QueryKeyValue.PaddedOutputs;
        AttentionStride = config.QueryHeads * config.HeadSize;
        GateUpStride = layer.GateUp.PaddedOutputs;
        MlpStride = GateUpStride / 2;
        LogitStride = weights.Head.PaddedOutputs;
        Hidden = arena.Floats(rows * HiddenStride, "activations");
        Normed = arena.Floats(Math.Max(rows, limits.MaxSequences) * HiddenStride, "activations");
        QueryKeyValue = arena.Floats(rows * QueryKeyValueStride, "activations");
        Attention = arena.Floats(rows * AttentionStride, "activations");
        GateUp = arena.Floats(rows * GateUpStride, "activations");
        Mlp = arena.Floats(rows * MlpStride, "activations");
        Logits = arena.Floats(limits.MaxSequences * (long)LogitStride, "logits");
    }

    /// <summary>The residual stream.</summary>
    public float* Hidden { get; }

    public int HiddenStride { get; }

    /// <summary>The residual stream normalised: the input of the next product.</summary>
    public float* Normed { get; }

    public float* QueryKeyValue { get; }

    public int QueryKeyValueStride { get; }

    public float* Attention { get; }

    public int AttentionStride { get; }

    public float* GateUp { get; }

    public int GateUpStride { get; }

    public float* Mlp { get; }

    public int MlpStride { get; }

    public float* Logits { get; }

    public int LogitStride { get; }
}
