namespace KvScheduling;

/// <summary>Iteration times of Llama-2-7B in float16 on one A100 (80 GB), without tensor parallelism.</summary>
/// <remarks>
/// <para>In milliseconds, with B decode rows, kv their mean KV tokens, c = √Σ(chunk²) and p the KV tokens that the chunks find in the cache:</para>
/// <para>
/// τ = LIN(prefill tokens + B)
/// + 32 · (0.00684 + 1.056e-3 · B + 8.4185e-6 · B · kv) [if B &gt; 0]
/// + 32 · (0.02688 + 2.143e-7 · c² + 1.101e-7 · c · p + 1.687e-5 · p) [if there is a chunk].
/// </para>
/// <para>LIN is the time of the linear operators of all 32 layers, measured in the profiles of the Vidur project (Agrawal et al., MLSys 2024, arXiv
/// 2405.05465): rounded up to a multiple of 8 above 8 tokens,
/// interpolated between entries, in proportion above 4096. The attention terms are fits to rows of Vidur's attention profile: decode R² 0.997, mean deviation
/// 4.7 %; prefill R² 0.985, 8.5 %.
/// Embedding, language-model head and CPU overhead are not counted. Against Vidur's published predictions: 3.6 % mean deviation on decode-only steps, within
/// 4.4 % on mixed ones.</para>
/// </remarks>
public sealed class Llama2A100CostModel : IIterationCostModel
{
    private const int Layers = 32;

    private Llama2A100CostModel()
    {
    }

    /// <summary>The model; it has no state.</summary>
    public static Llama2A100CostModel Instance { get; } = new();

    /// <inheritdoc/>
    public TimeSpan IterationTime(in StepShape shape)
    {
        double attention = 0;
        if (shape.DecodeRows > 0)
        {
            attention += 0.00684 + (1.056e-3 * shape.DecodeRows) + (8.4185e-6 * shape.DecodeKvTokens);
        }

        if (shape.PrefillChunks > 0)
        {
            double squared = shape.PrefillTokensSquared;
            double cached = shape.PrefillKvTokens;
            attention += 0.02688 + (2.143e-7 * squared) + (1.101e-7 * Math.Sqrt(squared) * cached) + (1.687e-5 * cached);
        }

        return CostMath.FromMilliseconds(Llama2A100Profile.LinearMilliseconds(shape.PrefillTokens + shape.DecodeRows) + (Layers * attention));
    }
}
