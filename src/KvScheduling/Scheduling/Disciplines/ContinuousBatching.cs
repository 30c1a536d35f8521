namespace KvScheduling;

/// <summary>The scheduler's own discipline: evict only what does not fit, serve what runs, admit by forward peak in the policy's order.</summary>
internal sealed class ContinuousBatching : IStepDiscipline
{
    private readonly SchedulerState _state;
    private readonly EvictionPlanner _evictions;
    private readonly StepComposer _composer;
    private readonly AdmissionStep _admission;

    public ContinuousBatching(SchedulerState state, EvictionPlanner evictions)
    {
        _state = state;
        _evictions = evictions;
        _composer = new StepComposer(state);
        _admission = new AdmissionStep(state, _composer);
    }

    public DecisionReason HeadWaitReason => _admission.HeadWaitReason;

    public TimeSpan? NextWake => _state.Gate?.NextWake;

    public void Plan(StepPlan plan, TimeSpan now)
    {
        bool isTight = _evictions.MakeRoom(now);
        _state.FreeLeaving(plan);
        _composer.Begin();
        if (isTight || _state.IsCapacityInDoubt)
        {
            // Who was just evicted, or the next in line, would only be evicted again.
            _admission.Block(DecisionReason.WaitsForKv, now);
        }
        else
        {
            _admission.Run(plan, now);
        }

        _composer.Finish(plan);
    }

    public void Block(DecisionReason reason, TimeSpan now) => _admission.Block(reason, now);
}
