namespace KvScheduling;

/// <summary>Cuts the decodes of a stream into segments for Nested WAIT.</summary>
public static class SegmentDesign
{
    /// <summary>Cuts so that the segments hold equal KV: at stage s, those whose output is longer hold l + s tokens each.</summary>
    /// <param name="decodeTokens">Decodes of past requests, in any order; at least one.</param>
    /// <param name="promptTokens">l: their mean prompt length; 0 or more.</param>
    /// <param name="segments">The most segments; 1 or more. There are fewer where lengths do not tell so many apart.</param>
    /// <returns>The segments in order: the last one ends with the longest request.</returns>
    /// <exception cref="ArgumentException">There are no lengths.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of its range.</exception>
    public static IReadOnlyList<DecodeSegment> EqualKv(IReadOnlyList<int> decodeTokens, double promptTokens, int segments)
    {
        ArgumentNullException.ThrowIfNull(decodeTokens);
        FluidGuard.NotNegative(promptTokens, nameof(promptTokens));
        ArgumentOutOfRangeException.ThrowIfLessThan(segments, 1);
        if (decodeTokens.Count == 0)
        {
            throw new ArgumentException("Segments are cut from the lengths of past requests; there are none.", nameof(decodeTokens));
        }

        int[] lengths = [.. decodeTokens.Select(length => Math.Max(length, 1)).Order()];
        double total = KvUpTo(lengths, promptTokens, lengths[^1]);
        List<DecodeSegment> cut = [];
        int start = 0;
        for (int k = 1; k <= segments && start < lengths[^1]; k++)
        {
            int end = k == segments ? lengths[^1] : FirstWith(lengths, promptTokens, total * k / segments, start);
            cut.Add(new DecodeSegment(end, cut.Count == 0 ? 1 : (double)LongerThan(lengths, start) / LongerThan(lengths, cut.Count == 1 ? 0 : cut[^2].EndDecode)));
            start = end;
        }

        return cut;
    }

    /// <summary>KV tokens of all requests, added up over their stages up to this one.</summary>
    private static double KvUpTo(int[] lengths, double prompt, int stage) =>
        lengths.Sum(length => (Math.Min(length, stage) + 1.0) * (prompt + (Math.Min(length, stage) / 2.0)));

    private static int LongerThan(int[] lengths, int stage) => lengths.Count(length => length > stage);

    /// <summary>The first stage after <paramref name="from"/> by which this much KV was held.</summary>
    private static int FirstWith(int[] lengths, double prompt, double kv, int from)
    {
        int low = from + 1;
        int high = lengths[^1];
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (KvUpTo(lengths, prompt, middle) < kv)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }
}

/// <summary>A segment of decodes.</summary>
/// <param name="EndDecode">r_k: the last decode that belongs to it.</param>
/// <param name="ContinueShare">p_k: the share of the requests of the segment before that come into this one; 1 for the first.</param>
public readonly record struct DecodeSegment(int EndDecode, double ContinueShare);
