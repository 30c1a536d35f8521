namespace KvScheduling.Simulation;

/// <summary>How long prompts or outputs are: a distribution over whole numbers of tokens, at least 1.</summary>
public abstract class LengthDistribution
{
    private protected LengthDistribution()
    {
    }

    /// <summary>Always the same length.</summary>
    /// <param name="tokens">The length, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is less than 1.</exception>
    public static LengthDistribution Constant(int tokens) => Uniform(tokens, tokens);

    /// <summary>Every length from one to another equally often.</summary>
    /// <param name="least">The least, at least 1.</param>
    /// <param name="most">The most, at least <paramref name="least"/>; it occurs too.</param>
    /// <exception cref="ArgumentOutOfRangeException">The limits are out of their ranges.</exception>
    public static LengthDistribution Uniform(int least, int most)
    {
        CheckLimits(least, most);
        return new UniformLengths(least, most);
    }

    /// <summary>e^(ln median + σ·z) rounded, with z from the standard normal distribution; values outside the limits become the limit.</summary>
    /// <param name="median">The median, above 0.</param>
    /// <param name="sigma">σ, zero or more.</param>
    /// <param name="least">The least, at least 1.</param>
    /// <param name="most">The most, at least <paramref name="least"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">A parameter is out of its range.</exception>
    public static LengthDistribution Lognormal(double median, double sigma, int least, int most)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(median);
        ArgumentOutOfRangeException.ThrowIfNegative(sigma);
        CheckLimits(least, most);
        return new LognormalLengths(median, sigma, least, most);
    }

    internal abstract int Draw(Random random);

    private static void CheckLimits(int least, int most)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(least, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(most, least);
    }

    private sealed class UniformLengths(int least, int most) : LengthDistribution
    {
        internal override int Draw(Random random) => (int)random.NextInt64(least, most + 1L);
    }

    private sealed class LognormalLengths(double median, double sigma, int least, int most) : LengthDistribution
    {
        internal override int Draw(Random random) => (int)Math.Clamp(Math.Round(median * Math.Exp(sigma * Variates.StandardNormal(random))), least, most);
    }
}
