namespace KvScheduling;

/// <summary>How the next token is chosen from the logits.</summary>
/// <remarks>A seeded request draws its random numbers from (seed, output position) alone, so an eviction, a resume or other requests in the batch change nothing.</remarks>
public sealed record SamplingSettings
{
    /// <summary>Always the most likely token.</summary>
    public static SamplingSettings Greedy { get; } = new() { Temperature = 0 };

    /// <summary>Divides the logits before the softmax; 0 means greedy.</summary>
    /// <value>From 0 to 100. The default value is 1.</value>
    public float Temperature { get; init; } = 1;

    /// <summary>Keeps the smallest set of most likely tokens whose probabilities add up to this.</summary>
    /// <value>Above 0, at most 1. The default value is 1 (off).</value>
    public float TopP { get; init; } = 1;

    /// <summary>Keeps this many of the most likely tokens.</summary>
    /// <value>0 or more. The default value is 0 (off).</value>
    public int TopK { get; init; }

    /// <summary>The seed of the request's random numbers.</summary>
    /// <value>The default value is <see langword="null"/>: a seed is drawn when the request is submitted.</value>
    public long? Seed { get; init; }

    /// <summary>Lowers a token's logit by this much for each time it was generated.</summary>
    /// <value>From -2 to 2. The default value is 0 (off).</value>
    public float FrequencyPenalty { get; init; }

    /// <summary>Lowers a token's logit by this much once it was generated.</summary>
    /// <value>From -2 to 2. The default value is 0 (off).</value>
    public float PresencePenalty { get; init; }

    /// <summary>Whether the most likely token is always taken.</summary>
    public bool IsGreedy => Temperature == 0;
}
