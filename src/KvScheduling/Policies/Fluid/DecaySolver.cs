namespace KvScheduling;

/// <summary>How fast the tail of a boundary queue of Nested WAIT decays: the root θ &gt; 0 of exp(−θ n_k)(1 − p + p e^θ)^{n_{k−1}} = 1.</summary>
internal static class DecaySolver
{
    private const int Bisections = 200;

    /// <summary>Beyond this e^θ is not computed.</summary>
    private const double LargeExponent = 30;

    /// <param name="earlier">n_{k−1}.</param>
    /// <param name="threshold">n_k, above p · n_{k−1} and below n_{k−1}: otherwise there is no such root.</param>
    /// <param name="continues">p, above 0 and below 1.</param>
    public static double Solve(double earlier, double threshold, double continues)
    {
        // The logarithm of the left side is convex, 0 at 0, falls first and rises later: 8 (n_k − p n_{k−1}) / n_{k−1} lies where it still is at most 0.
        double low = 8 * (threshold - (earlier * continues)) / earlier;
        double high = low;
        while (Exponent(high) <= 0)
        {
            high *= 2;
        }

        for (int i = 0; i < Bisections; i++)
        {
            double middle = (low + high) / 2;
            if (Exponent(middle) <= 0)
            {
                low = middle;
            }
            else
            {
                high = middle;
            }
        }

        return high;

        double Exponent(double theta) => (earlier * LogMoment(theta, continues)) - (theta * threshold);
    }

    private static double LogMoment(double theta, double p) =>
        theta > LargeExponent ? theta + Math.Log(p + ((1 - p) * Math.Exp(-theta))) : Math.Log(1 - p + (p * Math.Exp(theta)));
}
