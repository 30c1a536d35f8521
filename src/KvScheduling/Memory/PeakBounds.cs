namespace KvScheduling;

/// <summary>Answers most questions of <see cref="KvProfile.Fits"/> without a pass over the residents: from bounds that are derived once and hold while all residents advance together.</summary>
/// <remarks>
/// <para>At a resident's end E the residents hold an amount U(E) that does not depend on who asks, and a request that starts at step T with m tokens holds m + E - T. So the most that is
/// held at any of the ends before the request's own is the maximum of U(E) + E over them, a prefix maximum, plus m - T.</para>
/// <para>Tokens are bounded from below (no last block counted beyond what is used of it) and from above (every last block counted full); only what falls between
/// the two needs the exact pass.</para>
/// </remarks>
internal sealed class PeakBounds(ResidentTable residents, BlockRounding rounding)
{
    private long[] _basesFrom = new long[17];
    private long[] _least = new long[16];
    private long[] _most = new long[16];
    private long _version = -1;

    /// <summary>Whether a request that starts now fits.</summary>
    /// <param name="held">Tokens it holds when it starts.</param>
    /// <param name="remaining">Tokens it plans to generate.</param>
    /// <param name="budgetTokens">The budget.</param>
    /// <param name="sharedTokens">What shared blocks take as long as anybody shares.</param>
    /// <returns>The answer; <see langword="null"/> when only the exact pass can tell.</returns>
    public bool? Decide(long held, long remaining, long budgetTokens, long sharedTokens)
    {
        int count = residents.Count;
        long slack = rounding.BlockTokens - 1;
        if (residents.PeakTokens + held + remaining + ((count + 1) * slack) <= budgetTokens - sharedTokens)
        {
            return true;
        }

        long now = residents.Clock;
        if (count == 0 || residents.Ends[0] <= now)
        {
            return null;
        }

        if (_version != residents.Version)
        {
            Derive();
        }

        long end = now + remaining;
        int later = residents.FirstAfter(end - 1);
        long atEnd = _basesFrom[later] + ((count - later) * end) + held + remaining;
        long least = atEnd;
        long most = atEnd + ((count - later + 1) * slack);
        if (later > 0)
        {
            least = Math.Max(least, _least[later - 1] + held - now);
            most = Math.Max(most, _most[later - 1] + held - now);
        }

        return least > budgetTokens ? false : most <= budgetTokens - sharedTokens ? true : null;
    }

    private void Derive()
    {
        ReadOnlySpan<long> ends = residents.Ends;
        ReadOnlySpan<long> bases = residents.Bases;
        int count = ends.Length;
        if (_least.Length < count)
        {
            _basesFrom = new long[(2 * count) + 1];
            _least = new long[2 * count];
            _most = new long[2 * count];
        }

        Span<long> basesFrom = _basesFrom.AsSpan(0, count + 1);
        basesFrom[count] = 0;
        long sum = 0;
        for (int i = count - 1; i >= 0; i--)
        {
            sum += bases[i];
            basesFrom[i] = sum;
        }

        Span<long> leastUpTo = _least.AsSpan(0, count);
        Span<long> mostUpTo = _most.AsSpan(0, count);
        long slack = rounding.BlockTokens - 1;
        long least = long.MinValue;
        long most = long.MinValue;
        for (int i = 0; i < ends.Length; i++)
        {
            long holders = count - i;
            long tokens = basesFrom[i] + ((holders + 1) * ends[i]);
            least = Math.Max(least, tokens);
            most = Math.Max(most, tokens + ((holders + 1) * slack));
            leastUpTo[i] = least;
            mostUpTo[i] = most;
        }

        _version = residents.Version;
    }
}
