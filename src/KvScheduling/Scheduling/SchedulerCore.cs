namespace KvScheduling;

/// <summary>The scheduler without threads, clocks or engines: the line, the ledger, the policy and every rule between them. Deterministic; runs live and in the simulator.</summary>
internal sealed class SchedulerCore
{
    public SchedulerCore(KvSchedulingOptions options, EngineDescription engine, Func<ISchedulingPolicy> policyFactory, ISchedulerObserver? observer = null) => throw new NotImplementedException();

    public string PolicyName => throw new NotImplementedException();
    public long KvBudgetTokens => throw new NotImplementedException();
    public int WaitingCount => throw new NotImplementedException();
    public long WaitingTokens => throw new NotImplementedException();
    public int RunningCount => throw new NotImplementedException();
    public bool HasWork => throw new NotImplementedException();
    public SchedulerCounters Counters => throw new NotImplementedException();
    public long KvUsedTokens => throw new NotImplementedException();
    public long KvReservedTokens => throw new NotImplementedException();
    public long KvParkedTokens => throw new NotImplementedException();
    public double EstimateQuantile => throw new NotImplementedException();
    public DecisionReason HeadWaitReason => throw new NotImplementedException();

    /// <summary>Smoothed seconds per step; 0 before the first.</summary>
    public double MeanStepSeconds => throw new NotImplementedException();

    /// <summary>When <see cref="Plan"/> must be asked again although nothing happens (a deadline, a timeout, a promotion); null when never.</summary>
    public TimeSpan? NextWake => throw new NotImplementedException();

    /// <summary>Adds a request to the line. The caller has checked that it can ever fit (<see cref="CanEverFit"/>).</summary>
    public void Enqueue(SchedulableRequest request, TimeSpan now) => throw new NotImplementedException();

    /// <summary>Whether a request of these lengths fits context and budget when it runs alone.</summary>
    public bool CanEverFit(int promptTokens, int maxOutputTokens) => throw new NotImplementedException();

    /// <summary>Ends a request for its caller; nothing happens when it has ended already.</summary>
    public void Cancel(SchedulableRequest request, TimeSpan now) => throw new NotImplementedException();

    /// <summary>Decides the next step: fills <paramref name="plan"/> and takes every decision as carried out.</summary>
    public void Plan(StepPlan plan, TimeSpan now) => throw new NotImplementedException();

    /// <summary>Takes in what the planned step did.</summary>
    public void Complete(ReadOnlySpan<StepEvent> events, TimeSpan now) => throw new NotImplementedException();

    /// <summary>The engine refused to start a planned request: it ends with the error, the rest of the plan goes on.</summary>
    public void FailStart(SchedulableRequest request, Exception error, TimeSpan now) => throw new NotImplementedException();

    /// <summary>The planned step threw: its sequences are removed and tried again, suspects alone; those past their retries fail.</summary>
    public void FailStep(Exception error, TimeSpan now) => throw new NotImplementedException();

    /// <summary>The engine is gone with all KV: every resident request goes back to the line with the tokens it has.</summary>
    public void LoseEngine(TimeSpan now) => throw new NotImplementedException();

    /// <summary>Ends everything that waits or runs.</summary>
    public void EndAll(in RequestEnd end, TimeSpan now) => throw new NotImplementedException();

    /// <summary>Throws with the difference when line, slots or ledger do not equal a recount.</summary>
    public void CheckInvariants() => throw new NotImplementedException();
}
