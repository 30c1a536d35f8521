namespace KvScheduling.Simulation;

/// <summary>What one request went through.</summary>
/// <param name="Arrival">When it arrived.</param>
/// <param name="QueueTime">From its arrival to its first start.</param>
/// <param name="TimeToFirstToken">TTFT: from its arrival to its first token.</param>
/// <param name="TimePerOutputToken">TPOT: (last token less first token) / (output tokens - 1); <see langword="null"/> for outputs of one token.</param>
/// <param name="Latency">From its arrival to its completion.</param>
/// <param name="PromptTokens">Prompt length in tokens.</param>
/// <param name="OutputTokens">Output tokens generated.</param>
/// <param name="Evictions">How often it was evicted.</param>
/// <param name="RecomputedTokens">Tokens computed again after evictions.</param>
public readonly record struct RequestTimes(
    TimeSpan Arrival,
    TimeSpan QueueTime,
    TimeSpan TimeToFirstToken,
    TimeSpan? TimePerOutputToken,
    TimeSpan Latency,
    int PromptTokens,
    int OutputTokens,
    int Evictions,
    int RecomputedTokens);
