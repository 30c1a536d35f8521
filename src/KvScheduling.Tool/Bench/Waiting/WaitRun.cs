using KvScheduling.Simulation;

namespace KvScheduling.Tool;

/// <summary>What a policy made of one stream: times of the requests in the central window, which leaves out the first and the last tenth.</summary>
internal sealed record WaitRun
{
    private const double Edge = 0.1;

    /// <summary>A run keeps up when latencies at its end are at most this many times those at its beginning.</summary>
    private const double MostGrowth = 1.5;

    /// <summary>Mean latency, in seconds.</summary>
    public required double Mean { get; init; }

    /// <summary>p99 of latency, in seconds.</summary>
    public required double Tail { get; init; }

    /// <summary>Mean TTFT, in seconds.</summary>
    public required double FirstToken { get; init; }

    /// <summary>Evictions of the whole run.</summary>
    public required long Evictions { get; init; }

    /// <summary>The share of all requests that were evicted, and so restarted, at least once.</summary>
    public required double RestartedShare { get; init; }

    /// <summary>Requests of the whole run that did not complete.</summary>
    public required long Unfinished { get; init; }

    /// <summary>Whether everybody completed, and the mean latency of the last third of the central window's arrivals is at most 1.5 times that of the first third.</summary>
    public required bool KeepsUp { get; init; }

    /// <summary>Measures a run whose requests were kept.</summary>
    public static WaitRun Of(SimulationResult result)
    {
        IReadOnlyList<RequestTimes?> all = result.Requests;
        int edge = (int)(all.Count * Edge);
        RequestTimes[] window = [.. all.Skip(edge).Take(all.Count - (2 * edge)).OfType<RequestTimes>()];
        var latency = new TimeDistribution();
        foreach (RequestTimes times in window)
        {
            latency.Add(times.Latency);
        }

        long unfinished = all.LongCount(static times => times is null);
        int third = window.Length / 3;
        return new WaitRun
        {
            Mean = MeanOf(window, static times => times.Latency),
            Tail = latency.Count > 0 ? latency.Quantile(0.99).TotalSeconds : double.NaN,
            FirstToken = MeanOf(window, static times => times.TimeToFirstToken),
            Evictions = result.Evictions,
            RestartedShare = (double)all.Count(static times => times?.Evictions > 0) / all.Count,
            Unfinished = unfinished,
            KeepsUp = unfinished == 0 && MeanOf(window[^third..], static times => times.Latency) <= MostGrowth * MeanOf(window[..third], static times => times.Latency),
        };
    }

    private static double MeanOf(RequestTimes[] requests, Func<RequestTimes, TimeSpan> time) => requests.Length > 0 ? requests.Average(request => time(request).TotalSeconds) : double.NaN;
}
