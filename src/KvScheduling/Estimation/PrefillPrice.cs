namespace KvScheduling;

/// <summary>What a prompt token costs, in steps that compute no prompt.</summary>
/// <remarks>A straight line through the durations of steps over their prompt tokens, by least squares over exponentially forgotten steps: its slope over its height without prompts. The height is what everybody
/// who runs waits for a token, whatever it consists of.</remarks>
internal sealed class PrefillPrice
{
    private const double Memory = 0.999;

    /// <summary>Tokens², beside the variance: steps that hardly differ in their prompt tokens say nothing.</summary>
    private const double Penalty = 1;

    /// <summary>A step without prompts counts as at least this share of the mean step, where noise or an engine that only computes prompts says less.</summary>
    private const double LeastHeight = 0.1;

    private double _weight;
    private double _tokens;
    private double _seconds;
    private double _tokensSquared;
    private double _tokensSeconds;

    /// <summary>Steps per prompt token; 0 before steps with and without prompts were measured, and where prompts take no time.</summary>
    public double StepsPerToken
    {
        get
        {
            if (_seconds <= 0)
            {
                return 0;
            }

            double meanTokens = _tokens / _weight;
            double meanSeconds = _seconds / _weight;
            double variance = Math.Max((_tokensSquared / _weight) - (meanTokens * meanTokens), 0);
            double slope = Math.Max(((_tokensSeconds / _weight) - (meanTokens * meanSeconds)) / (variance + Penalty), 0);
            return slope / Math.Max(meanSeconds - (slope * meanTokens), LeastHeight * meanSeconds);
        }
    }

    /// <summary>A step ran.</summary>
    /// <param name="promptTokens">Prompt tokens that it computed, those computed again included.</param>
    /// <param name="duration">How long it took.</param>
    public void Add(long promptTokens, TimeSpan duration)
    {
        double seconds = Math.Max(duration.TotalSeconds, 0);
        _weight = (_weight * Memory) + 1;
        _tokens = (_tokens * Memory) + promptTokens;
        _seconds = (_seconds * Memory) + seconds;
        _tokensSquared = (_tokensSquared * Memory) + ((double)promptTokens * promptTokens);
        _tokensSeconds = (_tokensSeconds * Memory) + (promptTokens * seconds);
    }
}
