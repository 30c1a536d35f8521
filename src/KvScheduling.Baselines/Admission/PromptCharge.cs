namespace KvScheduling.Baselines;

/// <summary>The prompt, and the output so far of one that comes back; nothing for the output to come. A share of the blocks stays free.</summary>
internal sealed class PromptCharge(double watermark = 0) : AdmissionCharge
{
    public override bool Admits(SchedulableRequest request, SchedulerState state) => Fits(request, state, state.Ledger.UsedBlocks());

    public override bool CanEver(SchedulableRequest request, SchedulerState state) => Fits(request, state, 0);

    private bool Fits(SchedulableRequest request, SchedulerState state, long used) =>
        used + state.Ledger.Blocks(request.TokensToCompute) <= state.Ledger.BudgetBlocks - (long)(watermark * state.Ledger.BudgetBlocks);
}
