namespace KvScheduling.Live;

/// <summary>A ratio measured once in every round.</summary>
/// <remarks>Ranks, not means: a round that fell into a bad second of the machine counts as one round, however bad it was.</remarks>
internal sealed class RoundRatios
{
    private readonly double[] _sorted;

    public RoundRatios(double[] ratios) => _sorted = [.. ratios.Order()];

    public double Typical => Median(_sorted);

    /// <summary>An interval that holds the true median with at least 95 % confidence, whatever the distribution; from the least to the largest when there are too few rounds.</summary>
    public (double Low, double High) Interval
    {
        get
        {
            // The number of rounds below the true median is binomial with p = 1/2.
            int cut = 0;
            double outside = 2 * Math.Pow(0.5, _sorted.Length);
            double term = Math.Pow(0.5, _sorted.Length);
            for (int below = 1; below < _sorted.Length / 2; below++)
            {
                term *= (double)(_sorted.Length - below + 1) / below;
                outside += 2 * term;
                if (outside > 0.05)
                {
                    break;
                }

                cut = below;
            }

            return (_sorted[cut], _sorted[^(cut + 1)]);
        }
    }

    public static double Median(double[] values)
    {
        double[] sorted = [.. values.Order()];
        return sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[(sorted.Length / 2) - 1] + sorted[sorted.Length / 2]) / 2;
    }
}
