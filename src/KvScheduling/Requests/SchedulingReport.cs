namespace KvScheduling;

/// <summary>What the scheduler did with one request.</summary>
public sealed record SchedulingReport
{
    /// <summary>The engine instance that ran it.</summary>
    public required string EngineInstance { get; init; }

    /// <summary>The policy that ordered the line.</summary>
    public required string Policy { get; init; }

    /// <summary>Prompt length in tokens.</summary>
    public int PromptTokens { get; init; }

    /// <summary>Generated tokens, without the ending token.</summary>
    public int OutputTokens { get; init; }

    /// <summary>Prompt tokens whose KV was reused instead of computed, at the first start.</summary>
    public int CachedTokens { get; init; }

    /// <summary>From submission to the first start.</summary>
    public TimeSpan QueueTime { get; init; }

    /// <summary>The part of the queue time in which its policy held it back to start it together with others (<see cref="DecisionReason.WaitsForCohort"/>).</summary>
    public TimeSpan HoldTime { get; init; }

    /// <summary>TTFT: from submission to the first token; <see langword="null"/> when there was none.</summary>
    public TimeSpan? TimeToFirstToken { get; init; }

    /// <summary>TPOT: (latency − TTFT) / (output tokens − 1); <see langword="null"/> below two tokens.</summary>
    public TimeSpan? TimePerOutputToken { get; init; }

    /// <summary>From submission to the end.</summary>
    public TimeSpan Latency { get; init; }

    /// <summary>How often its KV was evicted and computed again.</summary>
    public int Evictions { get; init; }

    /// <summary>Tokens computed again after evictions and engine restarts.</summary>
    public int RecomputedTokens { get; init; }
}
