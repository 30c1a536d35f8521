namespace KvScheduling;

/// <summary>The only place that knows memory: what every running request holds and will hold, in tokens and whole blocks.</summary>
/// <remarks>
/// <para>There is one feasibility function, <see cref="Fits"/>. A request is charged its full prompt (and its output so far) from its start on, computed or
/// not.</para>
/// <para>Normally it is the forward peak: nothing is promised about residents that do not advance together, so a step in which some stay behind is tested
/// first (<see cref="StaysFeasible"/>).
/// Where started sequences can't be held back (<c>lingering</c>), it is the sum of everybody's own peak, which holds whatever the order they advance in.</para>
/// </remarks>
internal sealed class KvLedger
{
    private readonly bool _lingering;
    private readonly BlockRounding _rounding;
    private readonly KvProfile _profile;
    private readonly KvProfile _trial;
    private long _countedVersion = -1;
    private long _countedClock;
    private long _usedNextStep;

    public KvLedger(long budgetTokens, int blockTokens, bool lingering)
    {
        _lingering = lingering;
        _rounding = new BlockRounding(blockTokens);
        BudgetBlocks = budgetTokens / blockTokens;
        _profile = new KvProfile(BudgetBlocks, _rounding);
        _trial = new KvProfile(BudgetBlocks, _rounding);
    }

    /// <summary>The budget, rounded down to whole blocks.</summary>
    public long BudgetBlocks { get; }

    public int BlockTokens => _rounding.BlockTokens;

    public int Count => _profile.Count;

    public long SharedBlocks => _profile.SharedBlocks;

    public long Clock => _profile.Clock;

    /// <summary>Changes whenever a planned end may have moved: what was derived from the profile must be derived again.</summary>
    public long Version { get; private set; }

    /// <summary>Running slots, the one planned to end first in front.</summary>
    public ReadOnlySpan<int> SlotsByEnd => _profile.Tags;

    public long Blocks(long tokens) => _rounding.Blocks(tokens);

    /// <summary>Whether a request of these lengths fits when it runs alone.</summary>
    public bool CanEverFit(long promptTokens, long maxOutputTokens) => _rounding.Blocks(promptTokens + maxOutputTokens) <= BudgetBlocks;

    /// <summary>Whether a request fits beside the residents if it starts now: the forward peak stays within the budget.</summary>
    public bool Fits(in KvDemand demand)
    {
        long held = Charge(demand);
        if (_lingering)
        {
            return _profile.SumOfPeakBlocks(_profile.Clock) + _rounding.Blocks(held + demand.Remaining) <= BudgetBlocks;
        }

        if (demand.NewlySharedBlocks == 0)
        {
            return _profile.Fits(held, demand.Remaining, _profile.Clock, demand.LiveSharedBlocks > 0);
        }

        // Blocks that become shared are charged as long as anything is shared, which may be longer than their owner held them: everybody's ends count.
        TryOut(demand);
        return _trial.IsFeasible();
    }

    /// <summary>Whether a request will fit at a later ledger step if another one starts now.</summary>
    public bool FitsAtBeside(long start, long held, long remaining, in KvDemand other)
    {
        TryOut(other);
        return _lingering
            ? _trial.SumOfPeakBlocks(start) + _rounding.Blocks(held + remaining) <= BudgetBlocks
            : _trial.Fits(held, remaining, start);
    }

    /// <summary>Whether a request fits beside the peaks of those that have not ended by its start.</summary>
    private bool LingersFrom(long start, long held, long remaining) =>
        _profile.SumOfPeakBlocks(start) + _rounding.Blocks(held + remaining) <= BudgetBlocks;

    /// <summary>The earliest ledger step at which a request fits if nobody else starts.</summary>
    public long EarliestStart(long held, long remaining)
    {
        if (!_lingering)
        {
            return _profile.EarliestStart(held, remaining);
        }

        long start = _profile.Clock;
        while (start != long.MaxValue && !LingersFrom(start, held, remaining))
        {
            start = _profile.NextEnd(start);
        }

        return start;
    }

    /// <summary>Charges a request that starts.</summary>
    public void Add(int slot, in KvDemand demand)
    {
        if (demand.NewlySharedBlocks > 0)
        {
            Share(_profile, _profile.IndexOf(demand.Owner), demand.NewlySharedBlocks);
        }

        _profile.Insert(slot, Charge(demand), demand.Remaining, demand.LiveSharedBlocks > 0);
        Version++;
    }

    /// <summary>Takes back the charge of a request that ended or was evicted. Blocks it shared must have been given back first.</summary>
    public void Remove(int slot)
    {
        _profile.RemoveAt(_profile.IndexOf(slot));
        Version++;
    }

    /// <summary>Blocks that had several holders are held by one again, which is charged for them from now on.</summary>
    /// <param name="slot">The last holder.</param>
    /// <param name="blocks">How many.</param>
    /// <param name="stillSharing">Whether it holds other shared blocks.</param>
    public void Unshare(int slot, int blocks, bool stillSharing)
    {
        int index = _profile.IndexOf(slot);
        Share(_profile, index, -blocks);
        _profile.SetSharing(index, stillSharing);
        Version++;
    }

    /// <summary>Plans a new end for a resident.</summary>
    public void SetRemaining(int slot, long remaining)
    {
        int index = _profile.IndexOf(slot);
        long held = _profile.HeldAt(index);
        bool sharing = _profile.SharesAt(index);
        _profile.RemoveAt(index);
        _profile.Insert(slot, held, remaining, sharing);
        Version++;
    }

    /// <summary>Takes one step; by slot, whether the resident got its next token.</summary>
    public void Step(ReadOnlySpan<bool> advanced)
    {
        _profile.Step(advanced);
        foreach (int slot in _profile.Tags)
        {
            if (!advanced[slot])
            {
                Version++;
                break;
            }
        }
    }

    /// <summary>Whether the residents still fit after a step in which only the marked ones get their next token.</summary>
    public bool StaysFeasible(ReadOnlySpan<bool> advancing)
    {
        if (_lingering)
        {
            return true;
        }

        _trial.CopyFrom(_profile);
        _trial.Step(advancing);
        return _trial.IsFeasible();
    }

    /// <summary>Whether the residents fit if all advance together to their planned ends.</summary>
    public bool IsFeasible() => _lingering ? _profile.SumOfPeakBlocks(_profile.Clock) <= BudgetBlocks : _profile.IsFeasible();

    /// <summary>Blocks in use now.</summary>
    public long UsedBlocks() => _profile.BlocksAt(0);

    /// <summary>Blocks in use when every resident has its next token; counted once per step unless somebody comes or goes.</summary>
    public long UsedBlocksNextStep()
    {
        if (_countedVersion != Version || _countedClock != Clock)
        {
            _countedVersion = Version;
            _countedClock = Clock;
            _usedNextStep = _profile.BlocksAt(1);
        }

        return _usedNextStep;
    }

    /// <summary>The most blocks the residents will hold at once.</summary>
    public long PeakBlocks() => _lingering ? _profile.SumOfPeakBlocks(_profile.Clock) : _profile.PeakBlocks();

    /// <summary>Tokens a resident is charged for itself, without shared blocks.</summary>
    public long HeldBy(int slot) => _profile.HeldAt(_profile.IndexOf(slot));

    public long RemainingOf(int slot) => _profile.RemainingAt(_profile.IndexOf(slot));

    public bool SharesBlocks(int slot) => _profile.SharesAt(_profile.IndexOf(slot));

    /// <summary>The engine is gone with all KV.</summary>
    public void Clear()
    {
        _profile.Clear();
        Version++;
    }

    private long Charge(in KvDemand demand) => demand.Held - ((long)demand.LiveSharedBlocks * BlockTokens);

    private void Share(KvProfile profile, int owner, int blocks)
    {
        profile.AddHeld(owner, -(long)blocks * BlockTokens);
        profile.SharedBlocks += blocks;
        profile.SetSharing(owner, true);
    }

    /// <summary>The profile as it would be with another resident.</summary>
    private void TryOut(in KvDemand demand)
    {
        _trial.CopyFrom(_profile);
        if (demand.NewlySharedBlocks > 0)
        {
            Share(_trial, _trial.IndexOf(demand.Owner), demand.NewlySharedBlocks);
        }

        _trial.Insert(int.MaxValue, Charge(demand), demand.Remaining, demand.LiveSharedBlocks > 0);
    }
}
