namespace KvScheduling.ManagedEngine;

/// <summary>Random numbers that depend on a seed and a position alone, so that it does not matter when, where or how often they are drawn.</summary>
/// <remarks>Element <c>position</c> of the SplitMix64 sequence (Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014) that starts at the mixed seed.</remarks>
internal static class CounterRandom
{
    private const ulong Gamma = 0x9E3779B97F4A7C15;

    /// <summary>A number in [0, 1), a multiple of 2 to the power of -53.</summary>
    public static double NextDouble(long seed, int position)
    {
        ulong state = Mix((ulong)seed + Gamma) + (((ulong)position + 1) * Gamma);
        return (Mix(state) >> 11) * (1.0 / (1L << 53));
    }

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
