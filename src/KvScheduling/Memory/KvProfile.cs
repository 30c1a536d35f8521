namespace KvScheduling;

/// <summary>The forward profile: how much KV the residents will hold at every future step if all of them advance together until their planned ends.</summary>
/// <remarks>
/// <para>A resident that holds m tokens now (at ledger step <see cref="Clock"/>) and plans r more is kept as its end E = Clock + r and its base b = m - Clock, so that at step T ≤ E it holds b + T:
/// when everybody advances only the clock moves. Entries are sorted by end. Memory grows between ends and only falls after one, so ends are the only steps to test.</para>
/// <para>Rounding to blocks is exact, in three tiers: a sum that fits with every last block counted full fits, a sum that does not fit with none of them counted does not,
/// and only in between the unused rest of the last blocks is counted, by residue class: O(min(residents, block)) per end.</para>
/// </remarks>
internal sealed class KvProfile
{
    private readonly BlockRounding _rounding;
    private readonly int[] _residues;
    private long[] _ends = new long[16];
    private long[] _bases = new long[16];
    private int[] _tags = new int[16];
    private bool[] _sharing = new bool[16];
    private long[] _usage = [];
    private int _count;
    private int _residuesFrom;

    /// <summary>Creates an empty profile.</summary>
    /// <param name="budgetBlocks">The budget in whole blocks.</param>
    /// <param name="rounding">The block size.</param>
    public KvProfile(long budgetBlocks, BlockRounding rounding)
    {
        BudgetBlocks = budgetBlocks;
        _rounding = rounding;
        _residues = new int[rounding.BlockTokens];
    }

    public long BudgetBlocks { get; }

    /// <summary>Steps in which the majority of residents advanced.</summary>
    public long Clock { get; private set; }

    public int Count => _count;

    /// <summary>Blocks with more than one living holder; part of no entry, charged once, until the last sharing resident ends.</summary>
    public long SharedBlocks { get; set; }

    /// <summary>The residents, the one planned to end first in front.</summary>
    public ReadOnlySpan<int> Tags => _tags.AsSpan(0, _count);

    public int IndexOf(int tag) => Tags.IndexOf(tag);

    public long HeldAt(int index) => _bases[index] + Clock;

    public long RemainingAt(int index) => _ends[index] - Clock;

    public bool SharesAt(int index) => _sharing[index];

    public void SetSharing(int index, bool sharing) => _sharing[index] = sharing;

    /// <summary>Changes what a resident is charged for itself, because blocks became shared or stopped being shared.</summary>
    public void AddHeld(int index, long tokens) => _bases[index] += tokens;

    public void Clear()
    {
        _count = 0;
        SharedBlocks = 0;
    }

    public void Insert(int tag, long held, long remaining, bool sharing)
    {
        if (_count == _ends.Length)
        {
            int size = _count * 2;
            Array.Resize(ref _ends, size);
            Array.Resize(ref _bases, size);
            Array.Resize(ref _tags, size);
            Array.Resize(ref _sharing, size);
        }

        long end = Clock + remaining;
        int at = FirstAfter(end);
        int moved = _count - at;
        _ends.AsSpan(at, moved).CopyTo(_ends.AsSpan(at + 1));
        _bases.AsSpan(at, moved).CopyTo(_bases.AsSpan(at + 1));
        _tags.AsSpan(at, moved).CopyTo(_tags.AsSpan(at + 1));
        _sharing.AsSpan(at, moved).CopyTo(_sharing.AsSpan(at + 1));
        _ends[at] = end;
        _bases[at] = held - Clock;
        _tags[at] = tag;
        _sharing[at] = sharing;
        _count++;
    }

    public void RemoveAt(int index)
    {
        _count--;
        int moved = _count - index;
        _ends.AsSpan(index + 1, moved).CopyTo(_ends.AsSpan(index));
        _bases.AsSpan(index + 1, moved).CopyTo(_bases.AsSpan(index));
        _tags.AsSpan(index + 1, moved).CopyTo(_tags.AsSpan(index));
        _sharing.AsSpan(index + 1, moved).CopyTo(_sharing.AsSpan(index));
    }

    public void CopyFrom(KvProfile other)
    {
        if (_ends.Length < other._count)
        {
            int size = other._ends.Length;
            _ends = new long[size];
            _bases = new long[size];
            _tags = new int[size];
            _sharing = new bool[size];
        }

        other._ends.AsSpan(0, other._count).CopyTo(_ends);
        other._bases.AsSpan(0, other._count).CopyTo(_bases);
        other._tags.AsSpan(0, other._count).CopyTo(_tags);
        other._sharing.AsSpan(0, other._count).CopyTo(_sharing);
        _count = other._count;
        Clock = other.Clock;
        SharedBlocks = other.SharedBlocks;
    }

    /// <summary>Takes one step: residents whose tag is marked hold one token more and plan one less, the others stay as they are.</summary>
    /// <param name="advanced">By tag, whether the resident advanced.</param>
    public void Step(ReadOnlySpan<bool> advanced)
    {
        int moved = 0;
        for (int i = 0; i < _count; i++)
        {
            moved += advanced[_tags[i]] ? 1 : 0;
        }

        // Relative to the clock only the minority has to be touched.
        bool clockMoves = moved * 2 >= _count;
        Clock += clockMoves ? 1 : 0;
        if (moved == (clockMoves ? _count : 0))
        {
            return;
        }

        long shift = clockMoves ? 1 : -1;
        for (int i = 0; i < _count; i++)
        {
            if (advanced[_tags[i]] != clockMoves)
            {
                _ends[i] += shift;
                _bases[i] -= shift;
            }
        }

        SortNearlySorted();
    }

    /// <summary>Whether a request fits: at every planned end from its start to its own end, everything held then is within the budget.</summary>
    /// <param name="held">Tokens it holds when it starts.</param>
    /// <param name="remaining">Tokens it plans to generate.</param>
    /// <param name="start">The ledger step it starts at: <see cref="Clock"/> for now.</param>
    /// <param name="sharing">Whether it holds shared blocks, which then are charged until its end.</param>
    /// <remarks>The residents alone are taken as feasible beyond the request's end: they were tested when they started.</remarks>
    public bool Fits(long held, long remaining, long start, bool sharing = false)
    {
        long end = start + remaining;
        long sum = 0;
        bool sharedCounts = sharing;
        _residuesFrom = int.MaxValue;
        int i = _count - 1;
        for (; i >= 0 && _ends[i] >= end; i--)
        {
            sum += _bases[i];
            sharedCounts |= _sharing[i];
        }

        if (!WithinBudget(i + 1, sum, end, held + remaining, sharedCounts))
        {
            return false;
        }

        while (i >= 0 && _ends[i] > start)
        {
            long t = _ends[i];
            for (; i >= 0 && _ends[i] == t; i--)
            {
                sum += _bases[i];
                sharedCounts |= _sharing[i];
            }

            if (!WithinBudget(i + 1, sum, t, held + t - start, sharedCounts))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Whether the residents alone stay within the budget until the last of them ends.</summary>
    public bool IsFeasible()
    {
        long sum = 0;
        bool sharedCounts = false;
        _residuesFrom = int.MaxValue;
        int i = _count - 1;
        while (i >= 0)
        {
            long t = _ends[i];
            for (; i >= 0 && _ends[i] == t; i--)
            {
                sum += _bases[i];
                sharedCounts |= _sharing[i];
            }

            if (!WithinBudget(i + 1, sum, t, 0, sharedCounts))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The earliest ledger step, not before now, at which a request fits if nobody else starts; <see cref="long.MaxValue"/> when it fits not even alone.</summary>
    /// <param name="held">Tokens it holds when it starts.</param>
    /// <param name="remaining">Tokens it plans to generate.</param>
    /// <remarks>
    /// Each test that fails names the first step at which it can hold: at a resident's end E the request must be young enough or E must have passed;
    /// at its own end it is always as large, so that end must move past the next resident's end. Steps in between can't fit, so jumping loses nothing.
    /// </remarks>
    public long EarliestStart(long held, long remaining)
    {
        if (_rounding.Blocks(held + remaining) > BudgetBlocks)
        {
            return long.MaxValue;
        }

        ComputeUsage();
        long start = Clock;
        int first = 0;
        while (true)
        {
            while (first < _count && _ends[first] <= start)
            {
                first++;
            }

            long end = start + remaining;
            long next = start;
            int i = first;
            for (; i < _count && _ends[i] <= end; i++)
            {
                long room = (BudgetBlocks - _usage[i]) * _rounding.BlockTokens;
                if (held + _ends[i] - start > room)
                {
                    next = Math.Max(next, Math.Min(held + _ends[i] - room, _ends[i]));
                }
            }

            if (i < _count && BlocksFrom(i, end) + _rounding.Blocks(held + remaining) > BudgetBlocks)
            {
                next = Math.Max(next, _ends[i] - remaining + 1);
            }

            if (next == start)
            {
                return start;
            }

            start = next;
        }
    }

    /// <summary>Blocks held by all residents that have not ended by then, shared ones once.</summary>
    /// <param name="ahead">Steps from now.</param>
    public long BlocksAt(long ahead)
    {
        long t = Clock + ahead;
        return BlocksFrom(FirstAfter(t - 1), t);
    }

    /// <summary>The most blocks the residents will hold at once.</summary>
    public long PeakBlocks()
    {
        ComputeUsage();
        long peak = 0;
        for (int i = 0; i < _count; i++)
        {
            peak = Math.Max(peak, _usage[i]);
        }

        return peak;
    }

    /// <summary>The sum of the residents' own peaks: what they hold at most whatever the order they advance in.</summary>
    /// <param name="after">Only residents that end after this ledger step count.</param>
    public long SumOfPeakBlocks(long after)
    {
        long blocks = 0;
        bool sharing = false;
        for (int i = FirstAfter(after); i < _count; i++)
        {
            blocks += _rounding.Blocks(_bases[i] + _ends[i]);
            sharing |= _sharing[i];
        }

        return blocks + (sharing ? SharedBlocks : 0);
    }

    /// <summary>The next planned end after a ledger step; <see cref="long.MaxValue"/> when there is none.</summary>
    public long NextEnd(long after)
    {
        int i = FirstAfter(after);
        return i < _count ? _ends[i] : long.MaxValue;
    }

    private bool WithinBudget(int first, long baseSum, long t, long extraTokens, bool sharedCounts)
    {
        long count = _count - first;
        long cap = (BudgetBlocks - (sharedCounts ? SharedBlocks : 0)) * _rounding.BlockTokens;
        long tokens = baseSum + (count * t) + extraTokens;
        if (tokens + ((count + 1) * (_rounding.BlockTokens - 1)) <= cap)
        {
            return true;
        }

        return tokens <= cap && tokens + Waste(first, t) + _rounding.Waste(extraTokens) <= cap;
    }

    /// <summary>The unused rest of the last blocks of residents from <paramref name="first"/> on, at step <paramref name="t"/>.</summary>
    private long Waste(int first, long t)
    {
        int block = _rounding.BlockTokens;
        if (block == 1)
        {
            return 0;
        }

        long waste = 0;
        if (_count - first <= block)
        {
            for (int i = first; i < _count; i++)
            {
                waste += _rounding.Waste(_bases[i] + t);
            }

            return waste;
        }

        // Residents are added to their residue class once per pass, however many ends need the exact count.
        if (_residuesFrom > _count)
        {
            Array.Clear(_residues);
            _residuesFrom = _count;
        }

        while (_residuesFrom > first)
        {
            _residues[_rounding.Waste(_bases[--_residuesFrom])]++;
        }

        // With w = waste at step 0, the waste at step t is (w - t) mod block.
        int turn = (int)(t % block);
        for (int w = 0; w < block; w++)
        {
            int now = w - turn;
            waste += (long)_residues[w] * (now < 0 ? now + block : now);
        }

        return waste;
    }

    private long BlocksFrom(int first, long t)
    {
        long tokens = 0;
        bool sharing = false;
        for (int i = first; i < _count; i++)
        {
            long held = _bases[i] + t;
            tokens += held + _rounding.Waste(held);
            sharing |= _sharing[i];
        }

        return (tokens / _rounding.BlockTokens) + (sharing ? SharedBlocks : 0);
    }

    /// <summary>Fills in, for each entry, the blocks held at its end by it and all that end with it or later.</summary>
    private void ComputeUsage()
    {
        if (_usage.Length < _count)
        {
            _usage = new long[_ends.Length];
        }

        long sum = 0;
        bool sharing = false;
        _residuesFrom = int.MaxValue;
        int i = _count - 1;
        while (i >= 0)
        {
            long t = _ends[i];
            int last = i;
            for (; i >= 0 && _ends[i] == t; i--)
            {
                sum += _bases[i];
                sharing |= _sharing[i];
            }

            long tokens = sum + ((_count - 1 - i) * t);
            long blocks = ((tokens + Waste(i + 1, t)) / _rounding.BlockTokens) + (sharing ? SharedBlocks : 0);
            _usage.AsSpan(i + 1, last - i).Fill(blocks);
        }
    }

    /// <summary>The first entry that ends after a ledger step.</summary>
    private int FirstAfter(long step)
    {
        int low = 0;
        int high = _count;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (_ends[middle] <= step)
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

    /// <summary>Entries are out of place by one step at most, so that insertion is cheap; stable.</summary>
    private void SortNearlySorted()
    {
        for (int i = 1; i < _count; i++)
        {
            long end = _ends[i];
            if (_ends[i - 1] <= end)
            {
                continue;
            }

            long held = _bases[i];
            int tag = _tags[i];
            bool sharing = _sharing[i];
            int at = i;
            for (; at > 0 && _ends[at - 1] > end; at--)
            {
                _ends[at] = _ends[at - 1];
                _bases[at] = _bases[at - 1];
                _tags[at] = _tags[at - 1];
                _sharing[at] = _sharing[at - 1];
            }

            _ends[at] = end;
            _bases[at] = held;
            _tags[at] = tag;
            _sharing[at] = sharing;
        }
    }
}
