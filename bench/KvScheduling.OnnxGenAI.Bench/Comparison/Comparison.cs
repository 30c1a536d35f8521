using System.Globalization;

namespace KvScheduling.OnnxGenAI.Bench;

/// <summary>All columns on the same requests, in turns, each in a process of its own.</summary>
internal static class Comparison
{
    public static async Task PrintAsync(BenchSettings settings)
    {
        Console.WriteLine($"{settings.OutputTokens} output tokens at most for each request, greedy. Columns take turns, {settings.Rounds} rounds each after one to warm up; the best round counts, the median speed beside it.");
        Console.WriteLine("tokens: whether they are the bare loop's. Above accuracy level 0 they depend on who else is in a step; the managed engine knows level 0 only.");
        foreach (int accuracy in settings.Accuracies)
        {
            await PrintAsync(settings, accuracy);
        }
    }

    private static async Task PrintAsync(BenchSettings settings, int accuracy)
    {
        string[] names = ColumnFactory.Names;
        List<WorkerProcess> workers = [];
        try
        {
            foreach (string name in names)
            {
                workers.Add(await WorkerProcess.StartAsync(name, settings, accuracy));
            }

            Console.WriteLine();
            Console.WriteLine($"accuracy level {accuracy} ({BenchSettings.GraphOf(accuracy)})");
            Console.WriteLine();
            Console.WriteLine("| requests | | wall s | tokens/s | (median) | mean latency s | p99 s | mean TTFT s | peak MiB | tokens |");
            Console.WriteLine("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
            foreach (int requests in settings.Requests)
            {
                List<Round>[] rounds = await MeasureAsync(workers, requests, settings.Rounds);
                for (int i = 0; i < names.Length; i++)
                {
                    Console.WriteLine(Row(requests, names[i], rounds[i], rounds[^1][0].Fingerprint));
                }
            }
        }
        finally
        {
            workers.ForEach(static worker => worker.Dispose());
        }
    }

    private static async Task<List<Round>[]> MeasureAsync(List<WorkerProcess> workers, int requests, int count)
    {
        List<Round>[] rounds = [.. workers.Select(static _ => new List<Round>())];
        for (int round = -1; round < count; round++)
        {
            for (int i = 0; i < workers.Count; i++)
            {
                Round measured = await workers[i].RunAsync(requests);
                if (round >= 0)
                {
                    rounds[i].Add(measured);
                }
            }
        }

        return rounds;
    }

    private static string Row(int requests, string name, List<Round> rounds, long expected)
    {
        Round best = rounds.MinBy(static round => round.Seconds / round.Tokens)!;
        double[] speeds = [.. rounds.Select(static round => round.Tokens / round.Seconds).Order()];
        double[] latencies = [.. best.Latencies.Order()];
        string tokens = best.Fingerprint == expected ? "same" : "others";
        double peak = rounds.Max(static round => round.PeakMemory) / 1048576.0;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"| {requests} | {name} | {best.Seconds:F2} | {best.Tokens / best.Seconds:F1} | {speeds[speeds.Length / 2]:F1} | {latencies.Average():F2} | {latencies[(int)Math.Ceiling(0.99 * latencies.Length) - 1]:F2} "
            + $"| {best.FirstTokens.Average():F3} | {peak:F0} | {tokens} |");
    }
}
