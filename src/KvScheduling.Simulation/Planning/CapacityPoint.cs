namespace KvScheduling.Simulation;

/// <summary>What a number of instances with a KV budget each makes of a workload.</summary>
public sealed class CapacityPoint
{
    internal CapacityPoint(int instances, long kvTokens, double share, IReadOnlyList<SimulationResult> results)
    {
        Instances = instances;
        KvTokens = kvTokens;
        var ttft = new TimeDistribution();
        var tpot = new TimeDistribution();
        var latency = new TimeDistribution();
        foreach (RequestTimes times in results.SelectMany(static result => result.Requests).OfType<RequestTimes>())
        {
            ttft.Add(times.TimeToFirstToken);
            latency.Add(times.Latency);
            if (times.TimePerOutputToken is TimeSpan perToken)
            {
                tpot.Add(perToken);
            }
        }

        TimeToFirstToken = ttft.Quantile(share);
        TimePerOutputToken = tpot.Quantile(share);
        Latency = latency.Quantile(share);
        Evictions = results.Sum(static result => result.Evictions);
        KvShare = results.Average(static result => result.KvShare.Mean);
        Refused = results.Sum(static result => result.Refused);
    }

    /// <summary>How many instances.</summary>
    public int Instances { get; }

    /// <summary>The KV budget of each in tokens.</summary>
    public long KvTokens { get; }

    /// <summary>The quantile of TTFT over all requests.</summary>
    public TimeSpan TimeToFirstToken { get; }

    /// <summary>The quantile of TPOT over all requests with two or more output tokens.</summary>
    public TimeSpan TimePerOutputToken { get; }

    /// <summary>The quantile of the latencies of all requests.</summary>
    public TimeSpan Latency { get; }

    /// <summary>Evictions on all instances.</summary>
    public long Evictions { get; }

    /// <summary>The share of KV in use, over time and instances.</summary>
    public double KvShare { get; }

    /// <summary>Requests that were refused while they waited.</summary>
    public long Refused { get; }

    /// <summary>Whether the goal is reached.</summary>
    /// <param name="limits">Its limits.</param>
    public bool Meets(ServiceLevel limits)
    {
        ArgumentNullException.ThrowIfNull(limits);
        return Refused == 0 && !(TimeToFirstToken > limits.TimeToFirstToken) && !(TimePerOutputToken > limits.TimePerOutputToken) && !(Latency > limits.Latency);
    }
}
