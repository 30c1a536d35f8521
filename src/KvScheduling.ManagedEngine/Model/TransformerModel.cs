namespace KvScheduling.ManagedEngine;

/// <summary>A Llama-family model with its KV cache: computes pending tokens of sequences, and the logits behind the last of them.</summary>
/// <remarks>One thread at a time. Results are the same bits whatever else is in the step, however prompts were cut, and on any number of threads.</remarks>
internal abstract class TransformerModel : IDisposable
{
    protected TransformerModel(ModelConfig config, ModelLimits limits)
    {
        Config = config;
        Limits = limits;
        Team = new AdaptiveTeam(limits.Threads);
    }

    public ModelConfig Config { get; }

    public ModelLimits Limits { get; }

    public abstract KvPool Cache { get; }

    /// <summary>Bytes of weights that a step of one token reads.</summary>
    public abstract long WeightBytesPerStep { get; }

    /// <summary>Multiply-adds of one token in the matrix products.</summary>
    public abstract long MultiplyAddsPerToken { get; }

    /// <summary>Lanes of the vectors it computes with.</summary>
    public abstract int Lanes { get; }

    /// <summary>The threads, for what is computed beside steps.</summary>
    public AdaptiveTeam Team { get; }

    /// <summary>Loads a model for the widest vectors that the machine and the limits allow.</summary>
    /// <exception cref="PlatformNotSupportedException">The machine has no fused multiply-add.</exception>
    /// <exception cref="NotSupportedException">The model's shape can't be computed.</exception>
    public static TransformerModel Load(IWeightSource source, ModelLimits limits)
    {
        ModelConfigCheck.Validate(source.Config);
        return VectorWidth.ChooseLanes(source.Config.HeadSize, limits.MaxVectorBits) switch
        {
            16 => new TransformerModel<Lanes16>(source, limits),
            8 => new TransformerModel<Lanes8>(source, limits),
            _ => new TransformerModel<Lanes4>(source, limits),
        };
    }

    /// <summary>Computes the next tokens of some sequences.</summary>
    /// <param name="shares">The sequences, each once, with blocks reserved.</param>
    /// <exception cref="ArgumentException">A share can't be computed; nothing was.</exception>
    public abstract void Step(ReadOnlySpan<SequenceShare> shares);

    /// <summary>The logits of the latest step: of the index-th share that wanted them. Valid until the next step.</summary>
    public abstract ReadOnlySpan<float> Logits(int index);

    public void Dispose()
    {
        Team.Dispose();
        FreeMemory();
    }

    protected abstract void FreeMemory();
}
