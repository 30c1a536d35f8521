namespace KvScheduling;

/// <summary>Splits a cap on resident requests over segments of decodes, as the published experiments with WAIT do.</summary>
/// <remarks>Source: arXiv 2504.11320, section 6. With w_k stages in segment k and q_k = min(p_{k→k+1} + η, 0.99): n_1 = cap / Σ w_k Π_{r&lt;k} q_r, n_k = n_1 Π_{r&lt;k} q_r, and the segment's cap is
/// w_k n_k, rounded.</remarks>
public sealed record SegmentCaps
{
    private const double LargestShare = 0.99;

    private SegmentCaps()
    {
    }

    /// <summary>n_k: requests at each stage of a segment; may be fractions.</summary>
    public required IReadOnlyList<double> PerStage { get; init; }

    /// <summary>Requests in each segment.</summary>
    public required IReadOnlyList<int> Caps { get; init; }

    /// <summary>Splits a cap.</summary>
    /// <param name="total">The cap on resident requests; 1 or more.</param>
    /// <param name="widths">w_k: stages of each segment; 1 or more each.</param>
    /// <param name="rates">Arrival rates of the requests that end in each segment; 0 or more, the last above 0.</param>
    /// <param name="margin">η: how much more than expected may go on to the next segment; from 0 to 1.</param>
    /// <returns>The split.</returns>
    /// <exception cref="ArgumentException">There is not one rate per segment, or nothing arrives in the last.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of its range.</exception>
    public static SegmentCaps Split(int total, IReadOnlyList<int> widths, IReadOnlyList<double> rates, double margin)
    {
        ArgumentNullException.ThrowIfNull(widths);
        ArgumentNullException.ThrowIfNull(rates);
        ArgumentOutOfRangeException.ThrowIfLessThan(total, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(FluidGuard.NotNegative(margin, nameof(margin)), 1, nameof(margin));
        if (widths.Count == 0 || rates.Count != widths.Count || rates[^1] <= 0)
        {
            throw new ArgumentException($"{widths.Count} segments need as many rates, the last above 0; there are {rates.Count}.", nameof(rates));
        }

        double[] perStage = new double[widths.Count];
        double reaching = rates.Sum(rate => FluidGuard.NotNegative(rate, nameof(rates)));
        double product = 1;
        double weight = 0;
        for (int k = 0; k < widths.Count; k++)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(widths[k], 1, nameof(widths));
            perStage[k] = product;
            weight += widths[k] * product;
            double going = reaching - rates[k];
            product *= Math.Min((going / reaching) + margin, LargestShare);
            reaching = going;
        }

        int[] caps = new int[widths.Count];
        for (int k = 0; k < caps.Length; k++)
        {
            perStage[k] *= total / weight;
            caps[k] = (int)Math.Round(widths[k] * perStage[k]);
        }

        return new SegmentCaps { PerStage = perStage, Caps = caps };
    }
}
