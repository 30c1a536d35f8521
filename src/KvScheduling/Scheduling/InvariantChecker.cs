namespace KvScheduling;

/// <summary>Recounts line, slots and ledger, and throws with the difference when they do not agree.</summary>
internal sealed class InvariantChecker(SchedulerState state)
{
    public void Check()
    {
        CheckSlots();
        CheckLedger();
        CheckPrefixes();
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
            int shared = state.Prefixes.CountLive(slot, slot.PathLength).Shared;
            long own = slot.HeldTokens - ((long)shared * ledger.BlockTokens);
            Require(held == own, $"slot {slot.Id} holds {own} tokens beside {shared} shared blocks and is charged {held}.");
            Require(ledger.SharesBlocks(slot.Id) == shared > 0, $"slot {slot.Id} shares {shared} blocks, the ledger has it the other way.");
            long remaining = ledger.RemainingOf(slot.Id);
            int planned = request.EstimatedOutputTokens - request.GeneratedTokens;
            Require(remaining == planned, $"slot {slot.Id} plans {planned} more tokens, the ledger {remaining}.");
            used += ledger.Blocks(held);
        }

        Require(used == ledger.UsedBlocks(), $"the residents hold {used} blocks, the ledger says {ledger.UsedBlocks()}.");
        Require(used + state.Parked.Blocks <= ledger.BudgetBlocks, $"{used} blocks are in use and {state.Parked.Blocks} parked of {ledger.BudgetBlocks}.");
        Require(!state.IsGuaranteed || ledger.IsFeasible(), "the guaranteed residents do not fit if all advance to their limits.");
    }

    private void CheckPrefixes()
    {
        Dictionary<int, (int Live, int Parked)> holders = [];
        long rest = 0;
        for (int id = 0; id < state.Slots.Capacity; id++)
        {
            if (state.Slots.Find(id) is not { State: SlotState.Running or SlotState.Parked } slot)
            {
                continue;
            }

            bool lives = slot.State == SlotState.Running;
            rest += lives ? 0 : state.Parked.RestOf(slot);
            Require(slot.PathLength * (long)state.Ledger.BlockTokens <= slot.Computed, $"slot {id} offers {slot.PathLength} blocks with {slot.Computed} tokens computed.");
            for (int i = 0; i < slot.PathLength; i++)
            {
                (int live, int parked) = holders.GetValueOrDefault(slot.Path[i]);
                holders[slot.Path[i]] = (live + (lives ? 1 : 0), parked + (lives ? 0 : 1));
                Require(state.Prefixes.Describe(slot.Path[i]).Hash == slot.Request!.PrefixBlocks[i], $"block {i} of slot {id} is known by another hash.");
            }
        }

        long shared = 0;
        long parkedOnly = 0;
        foreach ((int node, (int live, int parked)) in holders)
        {
            (_, int countedLive, int countedParked) = state.Prefixes.Describe(node);
            Require(live == countedLive && parked == countedParked, $"a prefix block has {live} living and {parked} parked holders and counts {countedLive} and {countedParked}.");
            Require(state.Prefixes.CanFind(node), "a prefix block can't be found by its hash.");
            shared += live > 1 ? 1 : 0;
            parkedOnly += live == 0 ? 1 : 0;
        }

        Require(shared == state.Ledger.SharedBlocks, $"{shared} blocks are shared, the ledger charges {state.Ledger.SharedBlocks}.");
        Require(parkedOnly == state.Prefixes.ParkedBlocks, $"{parkedOnly} prefix blocks are parked, the index counts {state.Prefixes.ParkedBlocks}.");
        Require(parkedOnly + rest == state.Parked.Blocks, $"{parkedOnly + rest} blocks are parked, {state.Parked.Blocks} are counted.");
    }
}
