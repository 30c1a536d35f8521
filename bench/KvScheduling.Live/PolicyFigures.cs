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

    public void Add(IReadOnlyList<SchedulingReport> reports, SchedulerSnapshot snapshot)
    {
        _latencies.AddRange(reports.Select(static report => report.Latency.TotalSeconds));
        _firstTokens.AddRange(reports.Select(static report => report.TimeToFirstToken!.Value.TotalSeconds));
        _rounds.Add([.. reports.Select(static report => report.Latency.TotalSeconds)]);
        Held += snapshot.HeldRequests;
        Evictions += snapshot.Evictions;
    }

    /// <summary>Nearest rank.</summary>
    public double Quantile(double share) => _latencies.Order().ElementAt(Math.Max((int)Math.Ceiling(share * _latencies.Count) - 1, 0));

    /// <summary>The mean over requests of this policy's median latency of each request over the rounds, against another's.</summary>
    public double Against(PolicyFigures other) => MeanOfMedians() / other.MeanOfMedians();

    private double MeanOfMedians() => Enumerable.Range(0, _rounds[0].Length).Average(request => Median([.. _rounds.Select(round => round[request]).Order()]));

    private static double Median(double[] sorted) =>
        sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[(sorted.Length / 2) - 1] + sorted[sorted.Length / 2]) / 2;
}
