namespace KvScheduling.Baselines;

/// <summary>Prompt and output limit of everybody, whatever of it is used.</summary>
internal sealed class WorstCaseCharge : AdmissionCharge
{
    public override bool Admits(SchedulableRequest request, SchedulerState state)
    {
        long reserved = WorstCase(request, state);
        foreach (SequenceSlot slot in state.Slots.Running)
        {
            reserved += WorstCase(slot.Request!, state);
        }

        return reserved <= state.Ledger.BudgetBlocks;
    }
}
