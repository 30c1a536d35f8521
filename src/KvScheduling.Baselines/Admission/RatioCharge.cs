namespace KvScheduling.Baselines;

/// <summary>A new request with its whole output, those that run with a share of what they may still generate; the share shrinks from step to step and is estimated anew after an eviction.</summary>
internal sealed class RatioCharge : AdmissionCharge
{
    /// <summary>A longer rest of an output counts as this long.</summary>
    private const int LongestRest = 4096;

    private const double First = 0.7;
    private const double Least = First * 0.14;
    private const double Decay = (First - Least) / 600;

    /// <summary>Tokens that the estimate after an eviction gives everybody beside those it has.</summary>
    private const int StepsAfterEviction = 20;

    /// <summary>The share of the rest of an output that is reserved.</summary>
    public double Ratio { get; private set; } = First;

    public override bool Admits(SchedulableRequest request, SchedulerState state)
    {
        List<SequenceSlot> running = state.Slots.Running;
        if (running.Count == 0)
        {
            // Its server shortens an output limit to what the pool holds, so one alone always starts.
            return true;
        }

        KvLedger ledger = state.Ledger;
        double rest = 0;
        foreach (SequenceSlot slot in running)
        {
            rest += Rest(slot.Request!) * (slot.StartedAtStep == state.Counters.Steps ? 1 : Ratio);
        }

        long free = (ledger.BudgetBlocks - ledger.UsedBlocks()) * ledger.BlockTokens;
        return request.TokensToCompute + Rest(request) + ledger.BlockTokens + rest <= free;
    }

    public override void OnDecodes() => Ratio = Math.Max(Ratio - Decay, Least);

    public override void OnIdle() => Ratio = First;

    public override void OnEvicted(SchedulerState state)
    {
        long generated = 0;
        long most = 1;
        foreach (SequenceSlot slot in state.Slots.Running)
        {
            generated += slot.Request!.GeneratedTokens + StepsAfterEviction;
            most += slot.Request.MaxOutputTokens;
        }

        Ratio = Math.Min(1, (double)generated / most);
    }

    private static int Rest(SchedulableRequest request) => Math.Min(request.MaxOutputTokens - request.GeneratedTokens, LongestRest);
}
