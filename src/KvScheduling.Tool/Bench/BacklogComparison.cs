using KvScheduling.Simulation;

namespace KvScheduling.Tool;

/// <summary>Drains drawn backlogs with several policies and several seeds.</summary>
internal static class BacklogComparison
{
    private const string Fcfs = "fcfs";
    private const string ShortestOutput = "shortest-output";

    /// <summary>Figures by backlog, then policy.</summary>
    public static IReadOnlyList<BacklogFigures> Run(
        IReadOnlyList<BacklogCase> cases, IReadOnlyList<PolicyChoice> choices, int firstSeed, int seeds, ToolConsole console, CancellationToken cancellationToken)
    {
        PolicyChoice[] references = [Reference(Fcfs), Reference(ShortestOutput)];
        PolicyChoice[] all = [.. references, .. choices.Except(references)];
        var latencies = new BacklogSchedule[cases.Count, seeds, all.Length];
        int work = cases.Count * seeds * all.Length;
        int done = 0;
        console.WithProgress([$"{work} backlogs"], work, progress => PlannedRuns.InParallel(cases.Count * seeds, i =>
        {
            BacklogCase backlog = cases[i / seeds];
            WorkloadRequest[] requests = backlog.Draw(firstSeed + (i % seeds));
            for (int j = 0; j < all.Length; j++)
            {
                latencies[i / seeds, i % seeds, j] = Backlog.Drain(all[j].Policy, requests, backlog.KvTokens, all[j].Backfill ?? false, cancellationToken);
                progress(0)?.Report(Interlocked.Increment(ref done));
            }
        }, cancellationToken));

        var figures = new List<BacklogFigures>();
        for (int i = 0; i < cases.Count; i++)
        {
            foreach (PolicyChoice choice in choices)
            {
                var row = new BacklogFigures(cases[i], choice.Label);
                for (int seed = 0; seed < seeds; seed++)
                {
                    WorkloadRequest[] requests = cases[i].Draw(firstSeed + seed);
                    BacklogSchedule schedule = latencies[i, seed, Array.IndexOf(all, choice)];
                    double total = schedule.TotalLatency;
                    row.Mean.Add(schedule.MeanLatency);
                    row.Tail.Add(schedule.Quantile(0.99));
                    row.OfBound.Add(total / Math.Max(BacklogBounds.Volume(requests, cases[i].KvTokens), BacklogBounds.Trivial(requests)));
                    row.OfFcfs.Add(total / latencies[i, seed, 0].TotalLatency);
                    row.OfShortestOutput.Add(total / latencies[i, seed, 1].TotalLatency);
                }

                figures.Add(row);
            }
        }

        return figures;
    }

    private static PolicyChoice Reference(string name) => new(name, name, null);
}
