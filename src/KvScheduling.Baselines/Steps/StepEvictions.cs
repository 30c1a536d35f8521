namespace KvScheduling.Baselines;

/// <summary>Who gives way in the step in composition, and what happens when nobody does.</summary>
internal sealed class StepEvictions(string name, SchedulerState state, BaselineRules rules, StepRoom room, StepBudget budget)
{
    /// <summary>How many were evicted in this step.</summary>
    public int Count { get; private set; }

    /// <summary>Whether the pool refused the step: the original fails everything when that lasts.</summary>
    public bool IsRefused { get; private set; }

    public void Reset()
    {
        Count = 0;
        IsRefused = false;
    }

    /// <summary>Finds room for the next token of a running request.</summary>
    public bool MakeRoom(SequenceSlot slot, TimeSpan now)
    {
        while (room.Free < room.Growth(slot))
        {
            if (Victim(slot.Request!, room.Growth(slot)) is SequenceSlot victim)
            {
                Evict(victim, now);
                EvictForHeadroom(slot, now);
                if (slot.State != SlotState.Running)
                {
                    return false;
                }

                continue;
            }

            IsRefused = rules.WhenDry == DryPool.FailAll;
            if (rules.WhenDry == DryPool.FailRequest)
            {
                Fail(slot, now);
            }

            return false;
        }

        return true;
    }

    /// <summary>Evicts one for a request that waits, where the rules have that.</summary>
    /// <returns>Whether somebody gave way.</returns>
    public bool EvictForStart(SchedulableRequest request, long needed, TimeSpan now)
    {
        if (!rules.EvictsForStarts || Victim(request, needed) is not SequenceSlot victim)
        {
            return false;
        }

        Evict(victim, now);
        return true;
    }

    /// <summary>A request fails for want of room.</summary>
    public void Fail(SequenceSlot slot, TimeSpan now)
    {
        room.Give(room.HeldBy(slot));
        budget.Return(slot.StepTokens);
        state.End(slot.Request!, RequestEnd.Failed(new EngineFaultException($"'{name}' ran out of KV for the next token of this request, and nobody gives way.")), now);
    }

    private void EvictForHeadroom(SequenceSlot asker, TimeSpan now)
    {
        while (rules.HeadroomTokens > 0 && asker.State == SlotState.Running && room.Free < room.Headroom(rules.HeadroomTokens)
            && Victim(asker.Request!, 0) is SequenceSlot victim)
        {
            Evict(victim, now);
        }
    }

    private SequenceSlot? Victim(SchedulableRequest asker, long needed) =>
        rules.Victims?.Invoke(new VictimQuery(state.Slots.Running, room, asker, needed, Count));

    private void Evict(SequenceSlot victim, TimeSpan now)
    {
        room.Give(room.HeldBy(victim));
        budget.Return(victim.StepTokens);
        Count++;
        state.Evict(victim, DecisionReason.EvictedForKv, now);
        rules.Charge.OnEvicted(state);
    }
}
