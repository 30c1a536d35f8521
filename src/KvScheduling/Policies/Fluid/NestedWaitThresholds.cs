namespace KvScheduling;

/// <summary>What thresholds of Nested WAIT need: requests of unknown output length pass segments of decodes, and a segment runs when enough requests stand before it.</summary>
/// <remarks>
/// <para>Source: arXiv 2504.11320, section 4. With prompt l, boundaries l'_1 &lt; … &lt; l'_m (l'_0 = 0), thresholds n_k and shares p_k of the requests of segment k − 1 that go on to segment k:</para>
/// <para>M^π = Σ n_k (l + s̄_k) δ_k with δ_1 = l'_1 + 1, s̄_1 = l'_1 / 2, δ_k = l'_k − l'_{k−1}, s̄_k = (l'_{k−1} + 1 + l'_k) / 2. A boundary may hold
/// c_k = n_k + ln(m(1 + ζT/d0)/δ) / θ_k, and M^π + Σ_{k≥2} (l + l'_{k−1}) c_k tokens suffice over T with probability 1 − δ.</para>
/// </remarks>
public sealed record NestedWaitThresholds
{
    private NestedWaitThresholds()
    {
    }

    /// <summary>M^π: KV tokens held when every stage of every segment is full.</summary>
    public required double BaseKvTokens { get; init; }

    /// <summary>θ_k for k = 2..m, by which the tail of each boundary queue decays: infinite where n_k ≥ n_{k−1} (the queue is bounded for sure), not a number where p_k n_{k−1} ≥ n_k (it grows).</summary>
    public required IReadOnlyList<double> Theta { get; init; }

    /// <summary>c_k for k = 2..m: requests that may stand at each boundary; infinite where the queue grows.</summary>
    public required IReadOnlyList<double> BoundaryRequests { get; init; }

    /// <summary>The KV tokens of those: the safety buffer.</summary>
    public required double BufferKvTokens { get; init; }

    /// <summary>M_req: the KV budget that suffices.</summary>
    public double RequiredKvTokens => BaseKvTokens + BufferKvTokens;

    /// <summary>Whether requests leave each boundary faster than they come: p_k &lt; n_k / n_{k−1} for k = 2..m.</summary>
    public required bool Drains { get; init; }

    /// <summary>Computes what thresholds need.</summary>
    /// <param name="promptTokens">l: prompt tokens; 1 or more.</param>
    /// <param name="boundaries">l'_k: the decode at which each segment ends; rising, the first 1 or more.</param>
    /// <param name="thresholds">n_k: one per segment, above 0.</param>
    /// <param name="continues">p_k for k = 2..m: the share of segment k − 1 that goes on to k; above 0 and below 1.</param>
    /// <param name="iterationBaseSeconds">d0: what an iteration costs before it computes anything; above 0.</param>
    /// <param name="horizonSeconds">T: how long the bound must hold; above 0.</param>
    /// <param name="failureProbability">δ: how likely it may fail in that time; above 0 and below 1.</param>
    /// <param name="scaling">ζ of the paper's asymptotics; 1 in practice.</param>
    /// <returns>What they need.</returns>
    /// <exception cref="ArgumentException">Lists do not belong together, or boundaries do not rise.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of its range.</exception>
    public static NestedWaitThresholds Compute(
        int promptTokens,
        IReadOnlyList<int> boundaries,
        IReadOnlyList<double> thresholds,
        IReadOnlyList<double> continues,
        double iterationBaseSeconds,
        double horizonSeconds,
        double failureProbability,
        double scaling = 1)
    {
        ArgumentNullException.ThrowIfNull(boundaries);
        ArgumentNullException.ThrowIfNull(thresholds);
        ArgumentNullException.ThrowIfNull(continues);
        ArgumentOutOfRangeException.ThrowIfLessThan(promptTokens, 1);
        FluidGuard.Positive(iterationBaseSeconds, nameof(iterationBaseSeconds));
        FluidGuard.Positive(horizonSeconds, nameof(horizonSeconds));
        FluidGuard.Share(failureProbability, nameof(failureProbability));
        FluidGuard.Positive(scaling, nameof(scaling));
        RequireSegments(boundaries, thresholds, continues);
        double deviation = Math.Log(boundaries.Count * (1 + (scaling * horizonSeconds / iterationBaseSeconds)) / failureProbability);
        double held = thresholds[0] * (promptTokens + (boundaries[0] / 2.0)) * (boundaries[0] + 1);
        double buffer = 0;
        bool drains = true;
        double[] theta = new double[continues.Count];
        double[] allowed = new double[continues.Count];
        for (int k = 1; k < boundaries.Count; k++)
        {
            (double earlier, double own, double p) = (thresholds[k - 1], thresholds[k], continues[k - 1]);
            held += own * (promptTokens + ((boundaries[k - 1] + 1 + boundaries[k]) / 2.0)) * (boundaries[k] - boundaries[k - 1]);
            (theta[k - 1], allowed[k - 1]) = Boundary(earlier, own, p, deviation);
            buffer += (promptTokens + boundaries[k - 1]) * allowed[k - 1];
            drains &= p * earlier < own;
        }

        return new NestedWaitThresholds { BaseKvTokens = held, Theta = theta, BoundaryRequests = allowed, BufferKvTokens = buffer, Drains = drains };
    }

    private static (double Theta, double Requests) Boundary(double earlier, double threshold, double continues, double deviation)
    {
        if (threshold >= earlier)
        {
            // Fewer than n_k stand there when at most n_{k−1} come at once, and then it runs.
            return (double.PositiveInfinity, threshold + earlier);
        }

        if (continues * earlier >= threshold)
        {
            return (double.NaN, double.PositiveInfinity);
        }

        double theta = DecaySolver.Solve(earlier, threshold, continues);
        return (theta, threshold + (deviation / theta));
    }

    private static void RequireSegments(IReadOnlyList<int> boundaries, IReadOnlyList<double> thresholds, IReadOnlyList<double> continues)
    {
        if (boundaries.Count == 0 || boundaries[0] < 1)
        {
            throw new ArgumentException("There must be a segment, and the first must end at decode 1 or later.", nameof(boundaries));
        }

        if (thresholds.Count != boundaries.Count || continues.Count != boundaries.Count - 1)
        {
            throw new ArgumentException(
                $"{boundaries.Count} segments need {boundaries.Count} thresholds and {boundaries.Count - 1} shares that go on; there are {thresholds.Count} and {continues.Count}.",
                nameof(thresholds));
        }

        for (int k = 0; k < boundaries.Count; k++)
        {
            FluidGuard.Positive(thresholds[k], nameof(thresholds));
            if (k > 0)
            {
                FluidGuard.Share(continues[k - 1], nameof(continues));
                if (boundaries[k] <= boundaries[k - 1])
                {
                    throw new ArgumentException($"Boundaries must rise; boundary {k + 1} is {boundaries[k]} after {boundaries[k - 1]}.", nameof(boundaries));
                }
            }
        }
    }
}
