using System.Globalization;
using KvScheduling.Simulation;

namespace KvScheduling.Tool;

/// <summary>The page about a drained backlog.</summary>
internal static class BacklogReport
{
    private const int GanttRows = 120;
    private const int Samples = 256;

    /// <exception cref="WrongInput">The file can't be written.</exception>
    public static void Save(
        string path, string name, WorkloadRequest[] requests, long kvTokens, ResultTable figures, IReadOnlyList<PolicyChoice> choices, BacklogSchedule[] schedules)
    {
        string about = string.Create(
            CultureInfo.InvariantCulture,
            $"{requests.Length:#,0} requests, {requests.Sum(static request => (long)request.PromptTokens):#,0} prompt and {requests.Sum(static request => (long)request.OutputTokens):#,0} output tokens, all there at round 0; {kvTokens:#,0} KV tokens. Times are in rounds.");
        var page = new HtmlReport($"{name}: {string.Join(", ", choices.Select(static choice => choice.Label))}", about);
        page.Heading("Latencies");
        page.Chart("Completed requests over time", Completions(choices, schedules), Latencies(choices, schedules));
        page.Heading("All figures");
        page.Table(figures);
        page.Heading("The KV cache");
        double end = schedules.Max(static schedule => schedule.Makespan);
        page.Charts(choices.Select((choice, i) => (choice.Label, Kv(choice.Label, i, requests, schedules[i], kvTokens, end))), KvFigures(choices, schedules, kvTokens));
        page.Heading("Batches");
        page.Paragraph("The first requests to start; each row is a request, requests that start at once share a colour.");
        page.Charts(choices.Select((choice, i) => (choice.Label, Batches(choice.Label, requests, schedules[i]))));
        if (Array.Exists(schedules, static schedule => schedule.Evictions > 0))
        {
            page.Paragraph("Runs that were lost to evictions are neither among the batches nor in the KV cache over time; they count in the most KV tokens.");
        }

        page.Save(path);
    }

    private static LineChart Completions(IReadOnlyList<PolicyChoice> choices, BacklogSchedule[] schedules)
    {
        return new LineChart("Share of requests completed, by round", "round", "share completed", [.. choices.Select((choice, i) => new ChartSeries(choice.Label, i, Points(schedules[i])))])
        {
            YLeast = 0,
            YMost = 1,
        };

        static (double X, double Y)[] Points(BacklogSchedule schedule) =>
            [(0, 0), .. Enumerable.Range(1, Samples).Select(i => ((double)schedule.Quantile((double)i / Samples), (double)i / Samples))];
    }

    private static ResultTable Latencies(IReadOnlyList<PolicyChoice> choices, BacklogSchedule[] schedules)
    {
        var table = new ResultTable("policy", "mean", "p50", "p90", "p99", "max");
        foreach ((PolicyChoice choice, BacklogSchedule schedule) in choices.Zip(schedules))
        {
            table.Add(choice.Label, schedule.MeanLatency, schedule.Quantile(0.5), schedule.Quantile(0.9), schedule.Quantile(0.99), schedule.Makespan);
        }

        return table;
    }

    private static ResultTable KvFigures(IReadOnlyList<PolicyChoice> choices, BacklogSchedule[] schedules, long kvTokens)
    {
        var table = new ResultTable("policy", "most KV tokens", "of the budget", "makespan");
        foreach ((PolicyChoice choice, BacklogSchedule schedule) in choices.Zip(schedules))
        {
            table.Add(choice.Label, schedule.PeakKvTokens, (double)schedule.PeakKvTokens / kvTokens, schedule.Makespan);
        }

        return table;
    }

    private static LineChart Kv(string label, int color, WorkloadRequest[] requests, BacklogSchedule schedule, long kvTokens, double end)
    {
        long rounds = schedule.Makespan;
        int samples = (int)Math.Min(Samples, rounds);
        var points = new (double X, double Y)[samples];
        for (int i = 0; i < samples; i++)
        {
            long round = 1 + (i * (rounds - 1) / Math.Max(samples - 1, 1));
            points[i] = (round, (double)Held(round) / kvTokens);
        }

        return new LineChart($"KV in use over time, {label}", "round", "share of the KV budget", [new ChartSeries(label, color, points) { IsFilled = true }])
        {
            YLeast = 0,
            YMost = 1,
            XMost = end,
        };

        long Held(long round)
        {
            long held = 0;
            for (int j = 0; j < requests.Length; j++)
            {
                long age = round - schedule.Starts[j];
                held += age >= 1 && age <= requests[j].OutputTokens ? requests[j].PromptTokens + age : 0;
            }

            return held;
        }
    }

    private static GanttChart Batches(string label, WorkloadRequest[] requests, BacklogSchedule schedule) => new(
        $"Batches, {label}",
        "round",
        [
            .. Enumerable.Range(0, requests.Length)
                .Select(i => new GanttBar(
                    FormattableString.Invariant($"request {i + 1}: {requests[i].PromptTokens} prompt, {requests[i].OutputTokens} output tokens"),
                    0,
                    schedule.Starts[i],
                    schedule.Starts[i],
                    schedule.Starts[i] + (double)requests[i].OutputTokens))
                .OrderBy(static bar => bar.Start)
                .ThenBy(static bar => bar.End)
                .Take(GanttRows),
        ]);
}
