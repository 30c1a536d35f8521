namespace KvScheduling.Baselines;

/// <summary>The blocks that are free behind the step in composition: whoever gets a token in it holds one more.</summary>
internal sealed class StepRoom(SchedulerState state)
{
    public long Free { get; private set; }

    /// <summary>Nothing is planned yet.</summary>
    public void Reset() => Free = state.Ledger.BudgetBlocks - state.Ledger.UsedBlocks();

    public void Take(long blocks) => Free -= blocks;

    public void Give(long blocks) => Free += blocks;

    /// <summary>Blocks more that a sequence holds when it has its next token.</summary>
    public long Growth(SequenceSlot slot) => Growth(slot.Request!);

    /// <summary>Blocks more that a request holds when it has its next token.</summary>
    public long Growth(SchedulableRequest request) =>
        request.GeneratedTokens + 1 < request.MaxOutputTokens ? state.Ledger.Blocks(request.TokensToCompute + 1L) - state.Ledger.Blocks(request.TokensToCompute) : 0;

    /// <summary>What evicting a sequence gives back.</summary>
    public long HeldBy(SequenceSlot slot) => state.Ledger.Blocks(slot.HeldTokens) + (slot.Advances ? Growth(slot) : 0);

    /// <summary>Blocks more that all that run hold when each has so many tokens more.</summary>
    public long Headroom(int tokens)
    {
        long blocks = 0;
        foreach (SequenceSlot slot in state.Slots.Running)
        {
            int more = Math.Min(tokens, slot.Request!.MaxOutputTokens - slot.Request.GeneratedTokens - 1);
            blocks += state.Ledger.Blocks((long)slot.HeldTokens + more) - state.Ledger.Blocks(slot.HeldTokens);
        }

        return blocks;
    }
}
