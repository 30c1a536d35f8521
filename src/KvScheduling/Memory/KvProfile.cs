namespace KvScheduling;

/// <summary>The forward profile: how much KV the residents will hold at every future step if all of them advance together until their planned ends.</summary>
/// <remarks>
/// <para>Memory grows between planned ends and only falls after one, so ends are the only steps to test. Where bounds can't tell (<see cref="PeakBounds"/>), a test is one pass over
/// the residents from the last end down.</para>
/// <para>Rounding to blocks is exact, in three tiers: a sum that fits with every last block counted full fits, a sum that does not fit with none of them
/// counted does not,
/// and only in between the unused rest of the last blocks is counted, by residue class: O(min(residents, block)) per end.</para>
/// </remarks>
internal sealed class KvProfile
{
    private readonly BlockRounding _rounding;
    private readonly BlockWaste _waste;
    private readonly ResidentTable _residents = new();
    private readonly PeakBounds _bounds;
    private long[] _usage = [];
    private long[] _highest = [];
    private long _usageVersion = -1;
    private long _askedVersion = -1;

    /// <summary>Creates an empty profile.</summary>
    /// <param name="budgetBlocks">The budget in whole blocks.</param>
    /// <param name="rounding">The block size.</param>
    public KvProfile(long budgetBlocks, BlockRounding rounding)
    {
        BudgetBlocks = budgetBlocks;
        _rounding = rounding;
        _waste = new BlockWaste(rounding);
        _bounds = new PeakBounds(_residents, rounding);
    }

    public long BudgetBlocks { get; }

    /// <summary>Steps in which the majority of residents advanced.</summary>
    public long Clock => _residents.Clock;

    public int Count => _residents.Count;

    /// <summary>Blocks with more than one living holder; part of no entry, charged once, until the last sharing resident ends.</summary>
    public long SharedBlocks
    {
        get;
        set
        {
            field = value;
            _usageVersion = -1;
        }
    }

    /// <summary>The residents, the one planned to end first in front.</summary>
    public ReadOnlySpan<int> Tags => _residents.Tags;

    public int IndexOf(int tag) => Tags.IndexOf(tag);

    public long HeldAt(int index) => _residents.Bases[index] + Clock;

    public long RemainingAt(int index) => _residents.Ends[index] - Clock;

    public bool SharesAt(int index) => _residents.Sharing[index];

    public void SetSharing(int index, bool sharing) => _residents.SetSharing(index, sharing);

    /// <summary>Changes what a resident is charged for itself, because blocks became shared or stopped being shared.</summary>
    public void AddHeld(int index, long tokens) => _residents.AddHeld(index, tokens);

    public void Clear()
    {
        _residents.Clear();
        SharedBlocks = 0;
    }

    public void Insert(int tag, long held, long remaining, bool sharing) => _residents.Insert(tag, held, remaining, sharing);

    public void RemoveAt(int index) => _residents.RemoveAt(index);

    public void CopyFrom(KvProfile other)
    {
        _residents.CopyFrom(other._residents);
        SharedBlocks = other.SharedBlocks;
    }

    /// <summary>Takes one step: residents whose tag is marked hold one token more and plan one less, the others stay as they are.</summary>
    /// <param name="advanced">By tag, whether the resident advanced.</param>
    public void Step(ReadOnlySpan<bool> advanced) => _residents.Step(advanced);

    /// <summary>Whether a request fits: at every planned end from its start to its own end, everything held then is within the budget.</summary>
    /// <param name="held">Tokens it holds when it starts.</param>
    /// <param name="remaining">Tokens it plans to generate.</param>
    /// <param name="start">The ledger step it starts at: <see cref="Clock"/> for now.</param>
    /// <param name="sharing">Whether it holds shared blocks, which then are charged until its end.</param>
    /// <remarks>The residents alone are taken as feasible beyond the request's end: they were tested when they started.</remarks>
    public bool Fits(long held, long remaining, long start, bool sharing = false)
    {
        bool? decided = start == Clock ? _bounds.Decide(held, remaining, BudgetBlocks * _rounding.BlockTokens, SharedBlocks * _rounding.BlockTokens) : null;
        if (decided is bool fits)
        {
            return fits;
        }

        // A pass that stops at the first misfit is cheaper than counting everything, unless more questions follow.
        bool wasAsked = _askedVersion == _residents.Version;
        _askedVersion = _residents.Version;
        bool isPlain = start == Clock && SharedBlocks == 0 && Count > 0 && _residents.Ends[0] > start;
        return wasAsked && isPlain ? FitsNow(held, remaining) : FitsAt(held, remaining, start, sharing);
    }

    /// <summary>Whether a request fits that starts now and shares nothing: what the residents hold at their ends is counted once for all who ask.</summary>
    private bool FitsNow(long held, long remaining)
    {
        ComputeUsage();
        ReadOnlySpan<long> ends = _residents.Ends;
        long end = Clock + remaining;
        int later = _residents.FirstAfter(end - 1);
        long budget = BudgetBlocks * _rounding.BlockTokens;
        long highest = later > 0 ? _highest[later - 1] + held - Clock : 0;
        if (highest > budget || BlocksFrom(later, end) + _rounding.Blocks(held + remaining) > BudgetBlocks)
        {
            return false;
        }

        // Beyond this it is the request's own last block that decides.
        for (int i = 0; i < later && highest + _rounding.BlockTokens - 1 > budget; i++)
        {
            if (_usage[i] + _rounding.Blocks(held + ends[i] - Clock) > BudgetBlocks)
            {
                return false;
            }
        }

        return true;
    }

    private bool FitsAt(long held, long remaining, long start, bool sharing)
    {
        ReadOnlySpan<long> ends = _residents.Ends;
        ReadOnlySpan<long> bases = _residents.Bases;
        ReadOnlySpan<bool> sharers = _residents.Sharing;
        long end = start + remaining;
        long sum = 0;
        bool sharedCounts = sharing;
        _waste.Begin();
        int i = Count - 1;
        for (; i >= 0 && ends[i] >= end; i--)
        {
            sum += bases[i];
            sharedCounts |= sharers[i];
        }

        if (!WithinBudget(i + 1, sum, end, held + remaining, sharedCounts))
        {
            return false;
        }

        while (i >= 0 && ends[i] > start)
        {
            long t = ends[i];
            for (; i >= 0 && ends[i] == t; i--)
            {
                sum += bases[i];
                sharedCounts |= sharers[i];
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
        ReadOnlySpan<long> ends = _residents.Ends;
        ReadOnlySpan<long> bases = _residents.Bases;
        ReadOnlySpan<bool> sharers = _residents.Sharing;
        long sum = 0;
        bool sharedCounts = false;
        _waste.Begin();
        int i = Count - 1;
        while (i >= 0)
        {
            long t = ends[i];
            for (; i >= 0 && ends[i] == t; i--)
            {
                sum += bases[i];
                sharedCounts |= sharers[i];
            }

            if (!WithinBudget(i + 1, sum, t, 0, sharedCounts))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The earliest ledger step, not before now, at which a request fits if nobody else starts; <see cref="long.MaxValue"/> when it fits not even
    /// alone.</summary>
    /// <param name="held">Tokens it holds when it starts.</param>
    /// <param name="remaining">Tokens it plans to generate.</param>
    /// <remarks>
    /// Each test that fails names the first step at which it can hold: at a resident's end E the request must be young enough or E must have passed;
    /// at its own end it is always as large, so that end must move past the next resident's end. Steps in between can't fit, so jumping loses nothing.
    /// </remarks>
    public long EarliestStart(long held, long remaining)
    {
        ReadOnlySpan<long> ends = _residents.Ends;
        if (_rounding.Blocks(held + remaining) > BudgetBlocks)
        {
            return long.MaxValue;
        }

        ComputeUsage();
        long start = Clock;
        int first = 0;
        while (true)
        {
            while (first < Count && ends[first] <= start)
            {
                first++;
            }

            long end = start + remaining;
            long next = start;
            int i = first;
            for (; i < Count && ends[i] <= end; i++)
            {
                long room = (BudgetBlocks - _usage[i]) * _rounding.BlockTokens;
                if (held + ends[i] - start > room)
                {
                    next = Math.Max(next, Math.Min(held + ends[i] - room, ends[i]));
                }
            }

            if (i < Count && BlocksFrom(i, end) + _rounding.Blocks(held + remaining) > BudgetBlocks)
            {
                next = Math.Max(next, ends[i] - remaining + 1);
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
        return BlocksFrom(_residents.FirstAfter(t - 1), t);
    }

    /// <summary>The most blocks the residents will hold at once.</summary>
    public long PeakBlocks()
    {
        ComputeUsage();
        long peak = 0;
        for (int i = 0; i < Count; i++)
        {
            peak = Math.Max(peak, _usage[i]);
        }

        return peak;
    }

    /// <summary>The sum of the residents' own peaks: what they hold at most whatever the order they advance in.</summary>
    /// <param name="after">Only residents that end after this ledger step count.</param>
    public long SumOfPeakBlocks(long after)
    {
        ReadOnlySpan<long> ends = _residents.Ends;
        ReadOnlySpan<long> bases = _residents.Bases;
        ReadOnlySpan<bool> sharers = _residents.Sharing;
        long blocks = 0;
        bool sharing = false;
        for (int i = _residents.FirstAfter(after); i < Count; i++)
        {
            blocks += _rounding.Blocks(bases[i] + ends[i]);
            sharing |= sharers[i];
        }

        return blocks + (sharing ? SharedBlocks : 0);
    }

    /// <summary>The next planned end after a ledger step; <see cref="long.MaxValue"/> when there is none.</summary>
    public long NextEnd(long after)
    {
        int i = _residents.FirstAfter(after);
        return i < Count ? _residents.Ends[i] : long.MaxValue;
    }

    private bool WithinBudget(int first, long baseSum, long t, long extraTokens, bool sharedCounts)
    {
        long count = Count - first;
        long cap = (BudgetBlocks - (sharedCounts ? SharedBlocks : 0)) * _rounding.BlockTokens;
        long tokens = baseSum + (count * t) + extraTokens;
        if (tokens + ((count + 1) * (_rounding.BlockTokens - 1)) <= cap)
        {
            return true;
        }

        return tokens <= cap && tokens + _waste.Sum(_residents.Bases, first, t) + _rounding.Waste(extraTokens) <= cap;
    }

    private long BlocksFrom(int first, long t)
    {
        ReadOnlySpan<long> bases = _residents.Bases;
        ReadOnlySpan<bool> sharers = _residents.Sharing;
        long tokens = 0;
        bool sharing = false;
        for (int i = first; i < Count; i++)
        {
            long held = bases[i] + t;
            tokens += held + _rounding.Waste(held);
            sharing |= sharers[i];
        }

        return (tokens / _rounding.BlockTokens) + (sharing ? SharedBlocks : 0);
    }

    /// <summary>Fills in, for each entry, the blocks held at its end by it and all that end with it or later, and the most tokens that blocks and step come to up to there. Holds
    /// while all residents advance together.</summary>
    private void ComputeUsage()
    {
        if (_usageVersion == _residents.Version)
        {
            return;
        }

        _usageVersion = _residents.Version;
        ReadOnlySpan<long> ends = _residents.Ends;
        ReadOnlySpan<long> bases = _residents.Bases;
        ReadOnlySpan<bool> sharers = _residents.Sharing;
        if (_usage.Length < Count)
        {
            _usage = new long[2 * Count];
            _highest = new long[2 * Count];
        }

        long sum = 0;
        bool sharing = false;
        _waste.Begin();
        int i = Count - 1;
        while (i >= 0)
        {
            long t = ends[i];
            int last = i;
            for (; i >= 0 && ends[i] == t; i--)
            {
                sum += bases[i];
                sharing |= sharers[i];
            }

            long tokens = sum + ((Count - 1 - i) * t);
            long blocks = ((tokens + _waste.Sum(bases, i + 1, t)) / _rounding.BlockTokens) + (sharing ? SharedBlocks : 0);
            _usage.AsSpan(i + 1, last - i).Fill(blocks);
        }

        long highest = long.MinValue;
        for (i = 0; i < ends.Length; i++)
        {
            highest = Math.Max(highest, (_usage[i] * _rounding.BlockTokens) + ends[i]);
            _highest[i] = highest;
        }
    }
}
