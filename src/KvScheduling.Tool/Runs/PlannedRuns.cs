using KvScheduling.Simulation;

namespace KvScheduling.Tool;

/// <summary>Does replays side by side, as many at once as there are cores; their results do not depend on that.</summary>
internal static class PlannedRuns
{
    /// <summary>With more runs than this a bar for each would fill the screen.</summary>
    private const int MostBars = 16;

    /// <summary>Does the runs; the results are in their order.</summary>
    public static SimulationResult[] Run(IReadOnlyList<PlannedRun> runs, ToolConsole console, CancellationToken cancellationToken)
    {
        var results = new SimulationResult[runs.Count];
        bool isOneBar = runs.Count > MostBars;
        string[] bars = isOneBar ? [$"{runs.Count} runs"] : [.. runs.Select(static run => run.Choice.Label)];
        double total = isOneBar ? runs.Count : runs.Max(static run => run.Workload.Totals.Count);
        int done = 0;
        console.WithProgress(bars, total, progress => InParallel(runs.Count, i =>
        {
            PlannedRun run = runs[i];
            IProgress<long>? bar = isOneBar ? null : progress(i);
            results[i] = Simulator.Run(run.Choice.Policy, run.Workload.Requests, run.Choice.Apply(run.Settings), bar, cancellationToken);
            bar?.Report((long)total);
            if (isOneBar)
            {
                progress(0)?.Report(Interlocked.Increment(ref done));
            }
        }, cancellationToken));
        return results;
    }

    /// <summary>Does independent work on all cores; the first failure is thrown as it is.</summary>
    public static void InParallel(int count, Action<int> work, CancellationToken cancellationToken)
    {
        try
        {
            Parallel.For(0, count, new ParallelOptions { CancellationToken = cancellationToken, MaxDegreeOfParallelism = Environment.ProcessorCount }, work);
        }
        catch (AggregateException error)
        {
            throw error.Flatten().InnerExceptions[0];
        }
    }
}
