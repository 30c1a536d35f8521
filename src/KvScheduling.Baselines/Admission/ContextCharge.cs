namespace KvScheduling.Baselines;

/// <summary>A fixed context for everybody, whatever of it is used.</summary>
/// <param name="contexts">Into how many contexts the budget is divided; null: as many as the model's context allows.</param>
internal sealed class ContextCharge(int? contexts = null) : AdmissionCharge
{
    public override bool Admits(SchedulableRequest request, SchedulerState state) => state.Slots.Running.Count < Count(state);

    public override bool CanEver(SchedulableRequest request, SchedulerState state) => WorstCase(request, state) <= state.Ledger.BudgetBlocks / Count(state);

    private long Count(SchedulerState state) => contexts ?? Math.Max(1, state.Ledger.BudgetBlocks / state.Ledger.Blocks(state.Limits.MaxContextTokens));
}
