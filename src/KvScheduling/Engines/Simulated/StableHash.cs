namespace KvScheduling;

/// <summary>Hashes that are the same in every process and release, for seeded choices.</summary>
internal static class StableHash
{
    /// <summary>Takes one more value into a hash: the finaliser of SplitMix64 over both.</summary>
    public static ulong Mix(ulong hash, ulong value)
    {
        ulong z = hash + 0x9E3779B97F4A7C15UL + (value * 0xD1B54A32D192ED03UL);
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }

    /// <summary>Maps a hash evenly to [0, 1).</summary>
    public static double Unit(ulong hash) => (hash >> 11) * (1.0 / (1UL << 53));
}
