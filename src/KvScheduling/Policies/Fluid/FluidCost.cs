namespace KvScheduling;

/// <summary>What an iteration costs in the fluid model: τ = d0 + c_p · prefill tokens + c_d · decode rows + c_k · KV tokens of the decode rows, in seconds.</summary>
/// <remarks>The general form of the iteration time of arXiv 2504.11320, section 2, whose own form is <see cref="PerKvToken"/>. The KV tokens of a decode row include the token that the
/// iteration computes.</remarks>
public sealed record FluidCost
{
    /// <summary>Creates a cost.</summary>
    /// <param name="baseSeconds">d0: what an iteration costs before it computes anything; above 0.</param>
    /// <param name="secondsPerPrefillToken">c_p; 0 or more.</param>
    /// <param name="secondsPerDecodeRow">c_d; 0 or more.</param>
    /// <param name="secondsPerKvToken">c_k; 0 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException">A coefficient is out of its range.</exception>
    public FluidCost(double baseSeconds, double secondsPerPrefillToken, double secondsPerDecodeRow, double secondsPerKvToken)
    {
        BaseSeconds = FluidGuard.Positive(baseSeconds, nameof(baseSeconds));
        SecondsPerPrefillToken = FluidGuard.NotNegative(secondsPerPrefillToken, nameof(secondsPerPrefillToken));
        SecondsPerDecodeRow = FluidGuard.NotNegative(secondsPerDecodeRow, nameof(secondsPerDecodeRow));
        SecondsPerKvToken = FluidGuard.NotNegative(secondsPerKvToken, nameof(secondsPerKvToken));
    }

    /// <summary>d0, in seconds.</summary>
    public double BaseSeconds { get; }

    /// <summary>c_p, in seconds.</summary>
    public double SecondsPerPrefillToken { get; }

    /// <summary>c_d, in seconds.</summary>
    public double SecondsPerDecodeRow { get; }

    /// <summary>c_k, in seconds.</summary>
    public double SecondsPerKvToken { get; }

    /// <summary>The form of the paper: τ = d0 + d1 · (KV tokens of everybody in the batch, prompts included).</summary>
    /// <param name="baseSeconds">d0; above 0.</param>
    /// <param name="secondsPerKvToken">d1; 0 or more.</param>
    /// <returns>The cost.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A coefficient is out of its range.</exception>
    public static FluidCost PerKvToken(double baseSeconds, double secondsPerKvToken) => new(baseSeconds, secondsPerKvToken, 0, secondsPerKvToken);

    /// <summary>w: seconds of computing that one request adds over its life.</summary>
    /// <param name="work">What the request computes.</param>
    /// <returns>c_p · prefill tokens + c_d · decodes + c_k · KV tokens of its decodes.</returns>
    public double SecondsOf(FluidWork work) =>
        (SecondsPerPrefillToken * work.PrefillTokens) + (SecondsPerDecodeRow * work.DecodeTokens) + (SecondsPerKvToken * work.DecodeKvTokens);
}
