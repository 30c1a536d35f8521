namespace KvScheduling;

/// <summary>Makes room for the next step where estimates were too low: evicts, or holds back, as few as it can.</summary>
/// <remarks>
/// <para>Only when the next token of everybody does not fit. Room is given out in the order of rank (priority, then arrival); the first that finds none asks,
/// and the victim is
/// the one with the fewest computed tokens among those not ranked above it, itself included.</para>
/// <para>Why this can't go in circles: the highest-ranked resident is never evicted, one request alone always fits, and a request that was evicted before is
/// not evicted again before it has
/// a token more. Room for the first token of a start is found when it starts (<see cref="KvLedger.Fits"/> looks at the next step first) and is not given to
/// others, so it comes to that token.</para>
/// </remarks>
internal sealed class EvictionPlanner(SchedulerState state)
{
    private readonly List<SequenceSlot> _byRank = new(state.Slots.Capacity);

    /// <summary>Makes the next step fit.</summary>
    /// <returns>Whether anything had to be evicted or held back.</returns>
    public bool MakeRoom(TimeSpan now)
    {
        bool fits = state.Ledger.UsedBlocksNextStep() <= state.Ledger.BudgetBlocks;
        foreach (SequenceSlot slot in state.Slots.Running)
        {
            slot.IsHeld = false;
            slot.AwaitsRoom &= !fits;
        }

        if (fits)
        {
            return false;
        }

        _byRank.Clear();
        _byRank.AddRange(state.Slots.Running);
        _byRank.Sort(static (a, b) => Rank(a.Request!, b.Request!));
        for (int i = 0; i < _byRank.Count; i++)
        {
            SequenceSlot asker = _byRank[i];
            if (asker.State == SlotState.Running && asker.AwaitsRoom)
            {
                GiveRoom(i, now);
            }
        }

        _byRank.Clear();
        return true;
    }

    /// <summary>The engine had no KV for a sequence although the ledger had: one request makes room.</summary>
    /// <returns>Whether one did; otherwise nobody else is there.</returns>
    public bool MakeRoomFor(SequenceSlot asker, TimeSpan now)
    {
        _byRank.Clear();
        _byRank.AddRange(state.Slots.Running);
        _byRank.Sort(static (a, b) => Rank(a.Request!, b.Request!));
        SequenceSlot? victim = state.IsGuaranteed && _byRank.Count > 1 ? asker : Victim(_byRank.IndexOf(asker), DecisionReason.EvictedByFault);
        _byRank.Clear();
        if (victim is null)
        {
            return false;
        }

        state.Evict(victim, DecisionReason.EvictedByFault, now);
        return true;
    }

    /// <summary>Negative when <paramref name="a"/> is ranked above <paramref name="b"/>.</summary>
    public static int Rank(SchedulableRequest a, SchedulableRequest b) =>
        a.Priority != b.Priority ? b.Priority.CompareTo(a.Priority) : a.ArrivalIndex.CompareTo(b.ArrivalIndex);

    private void GiveRoom(int index, TimeSpan now)
    {
        SequenceSlot asker = _byRank[index];
        while (!HasRoomFor(asker))
        {
            SequenceSlot? victim = Victim(index, DecisionReason.EvictedForKv);
            if (victim is null)
            {
                if (state.Slots.Running.Count == 1)
                {
                    // Only a request that the door should have refused gets here: alone, it is as long as the budget lets it be.
                    state.End(asker.Request!, RequestEnd.Completed(GenerationFinishReason.Length), now);
                }
                else
                {
                    // Those below it have not come to the token they were resumed for; it waits until they have.
                    asker.IsHeld = true;
                }

                return;
            }

            state.Evict(victim, DecisionReason.EvictedForKv, now);
            if (victim == asker)
            {
                return;
            }
        }

        asker.AwaitsRoom = false;
    }

    /// <summary>Whether the asker's next token fits beside what everybody holds and what was given out already.</summary>
    private bool HasRoomFor(SequenceSlot asker)
    {
        KvLedger ledger = state.Ledger;
        long blocks = ledger.SharedBlocks;
        foreach (SequenceSlot slot in state.Slots.Running)
        {
            blocks += ledger.Blocks(ledger.HeldBy(slot.Id) + (slot == asker || !slot.AwaitsRoom ? 1 : 0));
        }

        return blocks <= ledger.BudgetBlocks;
    }

    private SequenceSlot? Victim(int asker, DecisionReason reason)
    {
        SequenceSlot? victim = null;
        int victimTier = int.MaxValue;
        int last = state.Limits.CanHold && reason == DecisionReason.EvictedForKv ? 1 : 2;
        for (int i = Math.Max(asker, 1); i < _byRank.Count; i++)
        {
            SequenceSlot slot = _byRank[i];
            if (slot.State != SlotState.Running)
            {
                continue;
            }

            int tier = Tier(slot);
            if (tier <= last && (tier < victimTier || (tier == victimTier && slot.Computed <= victim!.Computed)))
            {
                victim = slot;
                victimTier = tier;
            }
        }

        return victim;
    }

    /// <summary>0: may be evicted; 1: came back a few steps ago; 2: has not got a token since it came back, evicted only where nobody can be held
    /// back.</summary>
    private int Tier(SequenceSlot slot)
    {
        SchedulableRequest request = slot.Request!;
        if (request.Evictions == 0)
        {
            return 0;
        }

        if (request.GeneratedTokens == slot.GeneratedAtStart)
        {
            return 2;
        }

        return state.Counters.Steps - slot.StartedAtStep < state.Options.EvictionCooldownSteps ? 1 : 0;
    }
}
