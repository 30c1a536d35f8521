using KvScheduling.Simulation;

namespace KvScheduling.Live;

/// <summary>What the simulator said against what the engine did.</summary>
internal sealed class TruthResult(IReadOnlyList<RecordedRound> rounds, RecordedRun simulated, CostModelFit fit)
{
    /// <summary>How far a latency may be off.</summary>
    private const double Tolerance = 0.15;

    public RecordedRun Live => rounds[0].Run;

    public CostModelFit Fit => fit;

    /// <summary>Whether a replay of each live run's decision log is equal.</summary>
    public bool IsReplayed => rounds.All(static round => round.IsReplayed);

    public bool SameCompletions => rounds.All(round => round.Run.Completions.SequenceEqual(simulated.Completions));

    public bool SameEvictions => rounds.All(round => round.Run.Evictions.SequenceEqual(simulated.Evictions));

    public bool SameKv => rounds.All(round => round.Run.KvTokens.SequenceEqual(simulated.KvTokens));

    public bool SameDecisions => SameCompletions && SameEvictions && SameKv;

    /// <summary>Mean and quantiles over requests of latency in seconds, of each the mean over the rounds, from the end of the first step on: live and simulated.</summary>
    public IReadOnlyList<(string Name, double Live, double Simulated)> Latencies
    {
        get
        {
            double[] measured = [.. Requests.Select(Measured).Order()];
            double[] predicted = [.. Requests.Select(request => Since(simulated, request)).Order()];
            return
            [
                ("mean", measured.Average(), predicted.Average()),
                ("p50", At(measured, 0.5), At(predicted, 0.5)),
                ("p90", At(measured, 0.9), At(predicted, 0.9)),
                ("p99", At(measured, 0.99), At(predicted, 0.99)),
                ("max", measured[^1], predicted[^1]),
            ];
        }
    }

    /// <summary>The share of requests whose own latency is within the tolerance.</summary>
    public double ShareWithin => (double)Requests.Count(request => Math.Abs(Since(simulated, request) - Measured(request)) <= Tolerance * Measured(request)) / Requests.Count();

    public bool LatenciesAgree => Latencies.All(static latency => Math.Abs(latency.Simulated - latency.Live) <= Tolerance * latency.Live);

    /// <summary>All but the one that went first.</summary>
    private IEnumerable<long> Requests => Live.Completions.Where(static request => request > 0);

    private double Measured(long request) => rounds.Average(round => Since(round.Run, request));

    private static double Since(RecordedRun run, long request) => (run.EndOf(request)!.Value - run.StepEnds[0]).TotalSeconds;

    /// <summary>Nearest rank.</summary>
    private static double At(double[] sorted, double share) => sorted[Math.Max((int)Math.Ceiling(share * sorted.Length) - 1, 0)];
}
