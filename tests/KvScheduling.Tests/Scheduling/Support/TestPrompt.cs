namespace KvScheduling.Tests;

/// <summary>Prompts as tokens, and the chained hashes of their full blocks.</summary>
internal static class TestPrompt
{
    public static int[] Tokens(int seed, int length)
    {
        int[] tokens = new int[length];
        for (int i = 0; i < length; i++)
        {
            tokens[i] = (int)(Mix((ulong)seed, (ulong)i) % 1000);
        }

        return tokens;
    }

    public static ulong[] Blocks(ReadOnlySpan<int> tokens, int block, ulong scope = 0)
    {
        ulong[] hashes = new ulong[tokens.Length / block];
        ulong hash = scope;
        for (int i = 0; i < hashes.Length; i++)
        {
            foreach (int token in tokens.Slice(i * block, block))
            {
                hash = Mix(hash, (ulong)token);
            }

            hashes[i] = hash;
        }

        return hashes;
    }

    private static ulong Mix(ulong hash, ulong value)
    {
        hash = (hash ^ (value + 0x9E3779B97F4A7C15)) * 0xBF58476D1CE4E5B9;
        return hash ^ (hash >> 29);
    }
}
