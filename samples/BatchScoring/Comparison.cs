using System.Diagnostics;
using System.Globalization;
using KvScheduling.ManagedEngine;

namespace KvScheduling.Samples.BatchScoring;

/// <summary>The same rows in input order and in the order of Sorted-F, on the same engine settings, one after the other.</summary>
internal static class Comparison
{
    private const int WarmUpRows = 50;

    public static async Task RunAsync(string modelFolder, int rowCount, long kvTokens, TextWriter console, CancellationToken cancellationToken)
    {
        IReadOnlyList<DemoRows.Row> rows = DemoRows.Create(rowCount);
        await console.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture,
            $"{rowCount} rows, {kvTokens:N0} tokens of KV. Completion time: from the start of the batch to the row's completion."));
        await console.WriteLineAsync("policy     mean      median    last");
        double[] means = new double[2];
        string[][] completions = new string[2][];
        foreach ((string policy, int index) in new[] { (SchedulingPolicies.Fcfs, 0), (SchedulingPolicies.SortedF, 1) })
        {
            completions[index] = new string[rowCount];
            double[] seconds = await MeasureAsync(modelFolder, rows, policy, kvTokens, completions[index], cancellationToken);
            Array.Sort(seconds);
            means[index] = seconds.Average();
            await console.WriteLineAsync(
                string.Create(CultureInfo.InvariantCulture, $"{policy,-9} {means[index],6:F2} s  {seconds[rowCount / 2],6:F2} s  {seconds[^1],6:F2} s"));
        }

        string sameness = completions[0].SequenceEqual(completions[1]) ? "equal" : "DIFFERENT";
        await console.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture,
            $"Mean completion time of {SchedulingPolicies.SortedF} is {means[1] / means[0]:P0} of that in input order; completions {sameness}."));
    }

    private static async Task<double[]> MeasureAsync(
        string modelFolder, IReadOnlyList<DemoRows.Row> rows, string policy, long kvTokens, string[] completions, CancellationToken cancellationToken)
    {
        await using KvSchedulerHost host = await KvSchedulerHost.StartAsync(
            () => ManagedEngine.ManagedEngine.Load(modelFolder, new ManagedEngineOptions { KvCapacityTokens = kvTokens }),
            new KvSchedulingOptions { Policy = policy, MaxQueuedRequests = Math.Max(rows.Count, 1) },
            cancellationToken: cancellationToken);
        var options = new ScoringOptions<DemoRows.Row> { Prompt = static row => row.Prompt, MaxOutputTokens = static row => row.MaxTokens };
        BatchScorer scorer = new(host.Scheduler);

        // Compiled code and a warm engine for whoever goes first, too.
        await foreach (ScoredRow<DemoRows.Row> _ in scorer.ScoreAsync(rows.Take(WarmUpRows), options, cancellationToken))
        {
        }

        double[] seconds = new double[rows.Count];
        long start = Stopwatch.GetTimestamp();
        await foreach (ScoredRow<DemoRows.Row> scored in scorer.ScoreAsync(rows, options, cancellationToken))
        {
            seconds[scored.Index] = Stopwatch.GetElapsedTime(start).TotalSeconds;
            completions[scored.Index] = scored.Completion ?? throw scored.Error!;
        }

        return seconds;
    }
}
