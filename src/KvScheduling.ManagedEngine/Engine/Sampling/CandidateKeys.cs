namespace KvScheduling.ManagedEngine;

/// <summary>Tokens as sortable numbers: the greater key is the greater logit or, among equals, the lower id.</summary>
internal static class CandidateKeys
{
    public static ulong Create(float logit, int token)
    {
        // Adding zero turns -0 into +0, so that equal logits have equal bits.
        uint bits = BitConverter.SingleToUInt32Bits(logit + 0f);
        uint ordered = (bits & 0x8000_0000) != 0 ? ~bits : bits | 0x8000_0000;
        return ((ulong)ordered << 32) | ~(uint)token;
    }

    public static int TokenOf(ulong key) => (int)~(uint)key;

    /// <summary>Collects the keys of the greatest logits, in no order.</summary>
    /// <param name="logits">All logits.</param>
    /// <param name="keys">Receives as many keys as it is long, at most as there are logits.</param>
    public static void SelectGreatest(ReadOnlySpan<float> logits, Span<ulong> keys)
    {
        int count = keys.Length;
        for (int token = 0; token < count; token++)
        {
            keys[token] = Create(logits[token], token);
        }

        if (count == logits.Length)
        {
            return;
        }

        // A heap with the least of the kept ones on top: most logits need one comparison.
        for (int i = (count / 2) - 1; i >= 0; i--)
        {
            SiftDown(keys, i);
        }

        for (int token = count; token < logits.Length; token++)
        {
            ulong key = Create(logits[token], token);
            if (key > keys[0])
            {
                keys[0] = key;
                SiftDown(keys, 0);
            }
        }
    }

    /// <summary>Collects the keys of tokens that weigh enough, in no order.</summary>
    /// <returns>How many.</returns>
    public static int SelectAbove(ReadOnlySpan<float> logits, ReadOnlySpan<float> weights, double least, Span<ulong> keys)
    {
        int count = 0;
        for (int token = 0; token < logits.Length; token++)
        {
            if (weights[token] >= least)
            {
                keys[count++] = Create(logits[token], token);
            }
        }

        return count;
    }

    private static void SiftDown(Span<ulong> keys, int i)
    {
        ulong key = keys[i];
        while (true)
        {
            int child = (2 * i) + 1;
            if (child >= keys.Length)
            {
                break;
            }

            if (child + 1 < keys.Length && keys[child + 1] < keys[child])
            {
                child++;
            }

            if (keys[child] >= key)
            {
                break;
            }

            keys[i] = keys[child];
            i = child;
        }

        keys[i] = key;
    }
}
