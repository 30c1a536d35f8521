namespace KvScheduling;

/// <summary>What the loop lets others see: copied after each step, never computed on a reader's thread.</summary>
internal struct PublishedState
{
    public SchedulerStatus Status;
    public SchedulerCounters Counters;
    public long KvBudgetTokens;
    public long KvUsedTokens;
    public long KvReservedTokens;
    public long KvParkedTokens;
    public int WaitingRequests;
    public long WaitingTokens;
    public int RunningRequests;
    public double EstimateQuantile;
    public DecisionReason HeadWaitReason;
    public SchedulingRegime Regime;
    public double ComputedTokensPerSecond;
    public double OutputTokensPerSecond;
    public double MeanStepSeconds;
    public TimeSpan LastStepAt;
}
