namespace KvScheduling;

/// <summary>Recounts line, slots and ledger, and throws with the difference when they do not agree.</summary>
internal sealed class InvariantChecker(SchedulerState state)
{
    public void Check()
    {
        CheckSlots();
        CheckLedger();
    }

    private static void Require(bool holds, string message)
    {
        if (!holds)
        {
            throw new InvalidOperationException($"The scheduler's books do not agree: {message}");
        }
    }

    private void CheckSlots()
    {
        int running = 0;
        int leaving = 0;
        int parked = 0;
        for (int id = 0; id < state.Slots.Capacity; id++)
        {
            if (state.Slots.Find(id) is not { State: not SlotState.Free } slot)
            {
                continue;
            }

            switch (slot.State)
            {
                case SlotState.Running:
                    running++;
                    SchedulableRequest request = slot.Request!;
                    Require(request.State == RequestState.Running, $"slot {id} runs a request in state {request.State}.");
                    Require(request.Slot == id, $"slot {id} runs a request that names slot {request.Slot}.");
                    Require(!WaitingLine.Contains(request), $"the request in slot {id} waits in the line too.");
                    Require(slot.Computed < slot.HeldTokens, $"slot {id} has {slot.Computed} tokens computed of {slot.HeldTokens}, so that none is left to sample from.");
                    Require(request.GeneratedTokens < request.EstimatedOutputTokens && request.EstimatedOutputTokens <= request.MaxOutputTokens, $"slot {id} plans {request.EstimatedOutputTokens} output tokens with {request.GeneratedTokens} generated and a limit of {request.MaxOutputTokens}.");
                    break;
                case SlotState.Parked:
                    parked++;
                    break;
                default:
                    leaving++;
                    break;
            }
        }

        Require(running == state.Slots.Running.Count, $"{running} slots run, {state.Slots.Running.Count} are listed as running.");
        Require(leaving == state.Slots.Leaving.Count, $"{leaving} slots leave, {state.Slots.Leaving.Count} are listed as leaving.");
        int sum = running + leaving + parked + state.Slots.FreeCount;
        Require(sum == state.Slots.Capacity, $"{running} running + {leaving} leaving + {parked} parked + {state.Slots.FreeCount} free slots are {sum}, not {state.Slots.Capacity}.");
        Require(running <= state.Limits.MaxRunning, $"{running} requests run, more than {state.Limits.MaxRunning}.");
    }

    private void CheckLedger()
    {
        KvLedger ledger = state.Ledger;
        Require(ledger.Count == state.Slots.Running.Count, $"the ledger charges {ledger.Count} residents, {state.Slots.Running.Count} run.");
        long used = ledger.SharedBlocks;
        foreach (SequenceSlot slot in state.Slots.Running)
        {
            SchedulableRequest request = slot.Request!;
            long held = ledger.HeldBy(slot.Id);
            Require(held == slot.HeldTokens, $"slot {slot.Id} holds {slot.HeldTokens} tokens and is charged {held}.");
            long remaining = ledger.RemainingOf(slot.Id);
            int planned = request.EstimatedOutputTokens - request.GeneratedTokens;
            Require(remaining == planned, $"slot {slot.Id} plans {planned} more tokens, the ledger {remaining}.");
            used += ledger.Blocks(held);
        }

        Require(used == ledger.UsedBlocks(), $"the residents hold {used} blocks, the ledger says {ledger.UsedBlocks()}.");
        Require(used <= ledger.BudgetBlocks, $"{used} blocks are in use of {ledger.BudgetBlocks}.");
        Require(!state.IsGuaranteed || ledger.IsFeasible(), "the guaranteed residents do not fit if all advance to their limits.");
    }
}
