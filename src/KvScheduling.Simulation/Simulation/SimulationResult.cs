namespace KvScheduling.Simulation;

/// <summary>What a run measured.</summary>
public sealed class SimulationResult
{
    internal const int MaxEvictionTimes = 4096;

    internal SimulationResult()
    {
    }

    /// <summary>The policy's name.</summary>
    public required string Policy { get; init; }

    /// <summary>Latencies of completed requests: completion less arrival.</summary>
    public required TimeDistribution Latency { get; init; }

    /// <summary>TTFT of completed requests: first token less arrival.</summary>
    public required TimeDistribution TimeToFirstToken { get; init; }

    /// <summary>TPOT of completed requests with two or more output tokens: (last token less first token) / (output tokens - 1).</summary>
    public required TimeDistribution TimePerOutputToken { get; init; }

    /// <summary>Queue times of completed requests: first start less arrival.</summary>
    public required TimeDistribution QueueTime { get; init; }

    /// <summary>When the last request completed, from the beginning of the workload.</summary>
    public required TimeSpan Makespan { get; init; }

    /// <summary>Engine steps.</summary>
    public required long Steps { get; init; }

    /// <summary>Requests that completed.</summary>
    public required long Completions { get; init; }

    /// <summary>Requests that the scheduler refused while they waited.</summary>
    public required long Refused { get; init; }

    /// <summary>Requests that ended with an error: under a policy of another engine that has no way out when its pool is full.</summary>
    public required long Failed { get; init; }

    /// <summary>Requests whose callers gave up (<see cref="WorkloadRequest.Patience"/>).</summary>
    public required long Cancelled { get; init; }

    /// <summary>Evictions; a request can be evicted more than once.</summary>
    public required long Evictions { get; init; }

    /// <summary>The share of computed tokens, prompt and output, that were computed before and lost; from 0 to 1.</summary>
    public required double RecomputedShare { get; init; }

    /// <summary>Output tokens generated.</summary>
    public required long OutputTokens { get; init; }

    /// <summary>Throughput: completions per second of makespan.</summary>
    public required double RequestsPerSecond { get; init; }

    /// <summary>Throughput: output tokens per second of makespan.</summary>
    public required double OutputTokensPerSecond { get; init; }

    /// <summary>Completions within <see cref="SimulationSettings.ServiceLevel"/> per second of makespan; <see langword="null"/> where none was given.</summary>
    public required double? Goodput { get; init; }

    /// <summary>The share of the KV budget that was charged, over time.</summary>
    public required TimeSeries KvShare { get; init; }

    /// <summary>Requests in the line, over time.</summary>
    public required TimeSeries Waiting { get; init; }

    /// <summary>Requests that held KV, over time.</summary>
    public required TimeSeries Running { get; init; }

    /// <summary>The most KV blocks charged at the end of a step, those of requests that it completed included.</summary>
    internal long PeakKvBlocks { get; init; }

    /// <summary>When requests were evicted: the first 4,096 evictions.</summary>
    public required IReadOnlyList<TimeSpan> EvictionTimes { get; init; }

    /// <summary>Every request in the order of the workload, <see langword="null"/> where it did not complete; empty unless <see cref="SimulationSettings.KeepRequests"/>.</summary>
    public required IReadOnlyList<RequestTimes?> Requests { get; init; }
}
