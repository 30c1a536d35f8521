namespace KvScheduling.Simulation;

/// <summary>Random numbers by (seed, index): the n-th draw is the same whoever asks and however often.</summary>
/// <remarks>The finaliser of SplitMix64 (Steele, Lea, Flood, 2014) over seed and index.</remarks>
internal static class IndexedRandom
{
    private const ulong Increment = 0x9E3779B97F4A7C15;

    public static double StandardNormal(int seed, long index)
    {
        // Box-Muller; the first number must not be 0.
        double u = 1.0 - Uniform(seed, 2 * (ulong)index);
        double v = Uniform(seed, (2 * (ulong)index) + 1);
        return Math.Sqrt(-2.0 * Math.Log(u)) * Math.Cos(2.0 * Math.PI * v);
    }

    /// <summary>From 0 to below 1.</summary>
    public static double Uniform(int seed, ulong index) => (Mix(Mix((ulong)(uint)seed + Increment) + (index * Increment)) >> 11) * (1.0 / (1UL << 53));

    private static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}
