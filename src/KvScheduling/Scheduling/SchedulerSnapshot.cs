namespace KvScheduling;

/// <summary>The state of a scheduler after a step.</summary>
public sealed record SchedulerSnapshot
{
    /// <summary>The engine instance.</summary>
    public required string EngineInstance { get; init; }

    /// <summary>The policy that orders the line.</summary>
    public required string Policy { get; init; }

    /// <summary>Whether the scheduler takes requests.</summary>
    public required SchedulerStatus Status { get; init; }

    /// <summary>The KV budget in tokens.</summary>
    public long KvBudgetTokens { get; init; }

    /// <summary>KV in use by running requests, in tokens, whole blocks; shared blocks once.</summary>
    public long KvUsedTokens { get; init; }

    /// <summary>The forward peak: the most KV that running requests are expected to use at once, in tokens.</summary>
    public long KvReservedTokens { get; init; }

    /// <summary>KV of finished sequences kept for reuse, free on demand, in tokens.</summary>
    public long KvParkedTokens { get; init; }

    /// <summary>Requests in the line.</summary>
    public int WaitingRequests { get; init; }

    /// <summary>Tokens to compute of the requests in the line.</summary>
    public long WaitingTokens { get; init; }

    /// <summary>Requests that hold KV.</summary>
    public int RunningRequests { get; init; }

    /// <summary>Steps run so far.</summary>
    public long Steps { get; init; }

    /// <summary>Evictions so far.</summary>
    public long Evictions { get; init; }

    /// <summary>Prompt tokens computed so far, recomputed ones included.</summary>
    public long PrefillTokens { get; init; }

    /// <summary>Tokens computed again so far.</summary>
    public long RecomputedTokens { get; init; }

    /// <summary>Prompt tokens whose KV was reused so far.</summary>
    public long CachedTokens { get; init; }

    /// <summary>Tokens generated so far.</summary>
    public long OutputTokens { get; init; }

    /// <summary>Requests completed so far.</summary>
    public long CompletedRequests { get; init; }

    /// <summary>Requests refused so far.</summary>
    public long RejectedRequests { get; init; }

    /// <summary>Requests cancelled by their callers so far.</summary>
    public long CancelledRequests { get; init; }

    /// <summary>Requests that failed with the engine so far.</summary>
    public long FailedRequests { get; init; }

    /// <summary>The quantile of past output lengths that estimates use now.</summary>
    public double EstimateQuantile { get; init; }

    /// <summary>Why the head of the line waits; <see cref="DecisionReason.None"/> when nothing does.</summary>
    public DecisionReason HeadWaitReason { get; init; }

    /// <summary>What the policy does at present, where it adapts.</summary>
    public SchedulingRegime Regime { get; init; }

    /// <summary>Requests that the policy has held back so far to start them together with others.</summary>
    public long HeldRequests { get; init; }

    /// <summary>Generated tokens per second of the time in which steps ran, over about the last ten seconds of it; 0 before the first step, and when nothing has run for ten seconds.</summary>
    public double TokensPerSecond { get; init; }
}

/// <summary>Whether a scheduler takes requests.</summary>
public enum SchedulerStatus
{
    /// <summary>The engine is being built or warmed up. Requests are taken and wait.</summary>
    Starting,

    /// <summary>All is well.</summary>
    Ready,

    /// <summary>The engine failed or hangs and is being built again. Requests are taken and wait.</summary>
    Recovering,

    /// <summary>Running and waiting requests finish, new ones are refused.</summary>
    Draining,

    /// <summary>Stopped.</summary>
    Stopped,

    /// <summary>The engine failed and could not be brought back.</summary>
    Faulted,
}
