namespace KvScheduling.Live;

/// <summary>What requests of one policy under one kind of arrivals went through, over all rounds.</summary>
internal sealed class PolicyFigures
{
    private readonly List<double> _latencies = [];
    private readonly List<double> _firstTokens = [];
    private readonly List<double[]> _rounds = [];

    public long Held { get; private set; }

    public long Evictions { get; private set; }

    public double Mean => _latencies.Average();

    public double MeanFirstToken => _firstTokens.Average();

    public void Add(IReadOnlyList<SchedulingReport> reports)
    {
        _latencies.AddRange(reports.Select(static report => report.Latency.TotalSeconds));
        _firstTokens.AddRange(reports.Select(static report => report.TimeToFirstToken!.Value.TotalSeconds));
        _rounds.Add([.. reports.Select(static report => report.Latency.TotalSeconds)]);
    }

    public void AddCounts(SchedulerSnapshot snapshot)
    {
        Held += snapshot.HeldRequests;
        Evictions += snapshot.Evictions;
    }

    /// <summary>Nearest rank.</summary>
    public double Quantile(double share) => _latencies.Order().ElementAt(Math.Max((int)Math.Ceiling(share * _latencies.Count) - 1, 0));

    /// <summary>How many times as long the typical request of a round took as the same request in the same round of another policy: for each round the median over its requests.</summary>
    public RoundRatios Against(PolicyFigures other) => new([.. _rounds.Zip(other._rounds, static (own, others) => RoundRatios.Median([.. own.Zip(others, static (a, b) => a / b)]))]);
}
