using System.Runtime.CompilerServices;

namespace KvScheduling;

/// <summary>Recounts line, slots and ledger, and throws with the difference when they do not agree.</summary>
internal sealed class InvariantChecker(SchedulerState state)
{
    public void Check()
    {
        CheckLine();
        CheckSlots();
        CheckLedger();
        CheckPrefixes();
    }

    private static void Require(bool holds, [InterpolatedStringHandlerArgument(nameof(holds))] ref Difference difference)
    {
        if (!holds)
        {
            throw new InvalidOperationException("The scheduler's books do not agree: " + difference.ToString());
        }
    }

    private void CheckLine()
    {
        (int inLevels, int byWait) = state.Line.Recount();
        Require(inLevels == state.Line.Count, $"the policies hold {inLevels} requests, the line counts {state.Line.Count}.");
        Require(byWait == state.Line.Count, $"{byWait} requests wait for their promotion, the line counts {state.Line.Count}.");
        bool hasTokens = state.Line.TokensToCompute > 0;
        Require(hasTokens == state.Line.Count > 0, $"{state.Line.Count} requests wait with {state.Line.TokensToCompute} tokens to compute.");
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
                    CheckRunning(slot);
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
        Require(sum == state.Slots.Capacity, $"running {running}, leaving {leaving}, parked {parked} and free {state.Slots.FreeCount} are not {state.Slots.Capacity} slots.");
        Require(running <= state.Limits.MaxRunning, $"{running} requests run, more than {state.Limits.MaxRunning}.");
    }

    private static void CheckRunning(SequenceSlot slot)
    {
        SchedulableRequest request = slot.Request!;
        Require(request.State == RequestState.Running, $"slot {slot.Id} runs a request in state {request.State}.");
        Require(request.Slot == slot.Id, $"slot {slot.Id} runs a request that names slot {request.Slot}.");
        Require(!WaitingLine.Contains(request), $"the request in slot {slot.Id} waits in the line too.");
        Require(slot.Computed < slot.HeldTokens, $"slot {slot.Id} has {slot.Computed} of {slot.HeldTokens} tokens computed: none is left to sample from.");
        (int generated, int planned) = (request.GeneratedTokens, request.EstimatedOutputTokens);
        Require(generated < planned && planned <= request.MaxOutputTokens, $"slot {slot.Id} plans {planned} tokens with {generated} of at most {request.MaxOutputTokens}.");
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
        Require(!state.IsGuaranteed || ledger.IsFeasible(), $"the guaranteed residents do not fit if all advance to their limits.");
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
            bool isComputed = slot.PathLength * (long)state.Ledger.BlockTokens <= slot.Computed;
            Require(isComputed, $"slot {id} offers {slot.PathLength} blocks with {slot.Computed} tokens computed.");
            for (int i = 0; i < slot.PathLength; i++)
            {
                (int live, int parked) = holders.GetValueOrDefault(slot.Path[i]);
                holders[slot.Path[i]] = (live + (lives ? 1 : 0), parked + (lives ? 0 : 1));
                Require(state.Prefixes.Describe(slot.Path[i]).Hash == slot.Request!.PrefixBlocks[i], $"block {i} of slot {id} is known by another hash.");
            }
        }

        long shared = 0;
        long parkedOnly = 0;
        foreach ((int block, (int live, int parked)) in holders)
        {
            (_, int countedLive, int countedParked) = state.Prefixes.Describe(block);
            Require(live == countedLive, $"a prefix block has {live} living holders and counts {countedLive}.");
            Require(parked == countedParked, $"a prefix block has {parked} parked holders and counts {countedParked}.");
            Require(state.Prefixes.CanFind(block), $"a prefix block can't be found by its hash.");
            shared += live > 1 ? 1 : 0;
            parkedOnly += live == 0 ? 1 : 0;
        }

        Require(shared == state.Ledger.SharedBlocks, $"{shared} blocks are shared, the ledger charges {state.Ledger.SharedBlocks}.");
        Require(parkedOnly == state.Prefixes.ParkedBlocks, $"{parkedOnly} prefix blocks are parked, the index counts {state.Prefixes.ParkedBlocks}.");
        Require(parkedOnly + rest == state.Parked.Blocks, $"{parkedOnly + rest} blocks are parked, {state.Parked.Blocks} are counted.");
    }

    /// <summary>A message that is only put together when the check failed.</summary>
    [InterpolatedStringHandler]
    private ref struct Difference
    {
        private DefaultInterpolatedStringHandler _text;

        public Difference(int literalLength, int formattedCount, bool holds, out bool shouldAppend)
        {
            shouldAppend = !holds;
            _text = holds ? default : new DefaultInterpolatedStringHandler(literalLength, formattedCount);
        }

        public void AppendLiteral(string value) => _text.AppendLiteral(value);

        public void AppendFormatted<T>(T value) => _text.AppendFormatted(value);

        public override string ToString() => _text.ToStringAndClear();
    }
}
