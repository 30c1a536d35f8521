using KvScheduling.Simulation;

namespace KvScheduling.Tool;

/// <summary>The charts of replayed streams.</summary>
internal static class StreamCharts
{
    private const int GanttRows = 80;
    private const int MostPoints = 256;

    private static readonly double[] Shares = [.. Enumerable.Range(0, 200).Select(static i => i / 200.0), 0.9975, 0.999, 1];

    public static LineChart Cumulative(string what, IReadOnlyList<PolicyResult> policies, Func<SimulationResult, TimeDistribution> times) => new(
        $"Cumulative distribution of {what}",
        $"{what}, s",
        "share of requests",
        [.. policies.Select((policy, i) => new ChartSeries(policy.Label, i, [.. Shares.Select(share => (times(policy.Result).Quantile(share).TotalSeconds, share))]))])
    {
        IsXLogarithmic = true,
        YLeast = 0,
        YMost = 1,
    };

    public static ResultTable Quantiles(IReadOnlyList<PolicyResult> policies, Func<SimulationResult, TimeDistribution> times)
    {
        var table = new ResultTable("policy", "mean", "p50", "p90", "p99", "max");
        foreach (PolicyResult policy in policies)
        {
            TimeDistribution each = times(policy.Result);
            table.Add(
                policy.Label,
                each.Mean.TotalSeconds,
                each.Quantile(0.5).TotalSeconds,
                each.Quantile(0.9).TotalSeconds,
                each.Quantile(0.99).TotalSeconds,
                each.Max.TotalSeconds);
        }

        return table;
    }

    public static LineChart LatencyAgainstLoad(IReadOnlyList<LoadResults> loads)
    {
        return new LineChart(
            "Latency against load",
            "load",
            "latency, s",
            [
                .. loads[0].Policies.SelectMany((policy, i) => (ChartSeries[])
                [
                    new(policy.Label + " mean", i, Over(i, static latency => latency.Mean)) { HasDots = true },
                    new(policy.Label + " p99", i, Over(i, static latency => latency.Quantile(0.99))) { HasDots = true, IsDashed = true },
                ]),
            ])
        {
            IsYLogarithmic = true,
        };

        IReadOnlyList<(double X, double Y)> Over(int policy, Func<TimeDistribution, TimeSpan> figure) =>
            [.. loads.OrderBy(static load => load.Load).Select(load => (load.Load, figure(load.Policies[policy].Result.Latency).TotalSeconds))];
    }

    public static ResultTable LoadFigures(IReadOnlyList<LoadResults> loads)
    {
        var table = new ResultTable("load", "policy", "mean", "p99", "evictions");
        foreach (LoadResults load in loads.OrderBy(static load => load.Load))
        {
            foreach (PolicyResult policy in load.Policies)
            {
                table.Add(
                    Math.Round(load.Load, 3), policy.Label, policy.Result.Latency.Mean.TotalSeconds, policy.Result.Latency.Quantile(0.99).TotalSeconds, policy.Result.Evictions);
            }
        }

        return table;
    }

    /// <summary>KV of one policy over time; charts side by side end at the same time.</summary>
    public static LineChart Kv(PolicyResult policy, int color, double end) => new(
        $"KV in use over time, {policy.Label}",
        "time, s",
        "share of the KV budget",
        [
            new ChartSeries("mean", color, Points(policy.Result.KvShare, policy.Result.KvShare.MeanAt, Enumerable.Average)) { IsFilled = true },
            new ChartSeries("most", color, Points(policy.Result.KvShare, policy.Result.KvShare.MaxAt, Enumerable.Max)) { IsDashed = true },
        ])
    {
        YLeast = 0,
        YMost = 1,
        XMost = end,
        Marks = Apart(policy.Result.EvictionTimes, end),
    };

    public static ResultTable KvFigures(IReadOnlyList<PolicyResult> policies)
    {
        var table = new ResultTable("policy", "mean KV share", "most", "evictions", "recomputed share", "steps", "makespan, s");
        foreach (PolicyResult policy in policies)
        {
            SimulationResult result = policy.Result;
            table.Add(policy.Label, result.KvShare.Mean, result.KvShare.Max, result.Evictions, result.RecomputedShare, result.Steps, result.Makespan.TotalSeconds);
        }

        return table;
    }

    public static LineChart Queue(IReadOnlyList<PolicyResult> policies) => new(
        "Requests in the line over time",
        "time, s",
        "requests waiting",
        [.. policies.Select(static (policy, i) => new ChartSeries(policy.Label, i, Points(policy.Result.Waiting, policy.Result.Waiting.MeanAt, Enumerable.Average)))])
    {
        YLeast = 0,
    };

    public static ResultTable QueueFigures(IReadOnlyList<PolicyResult> policies)
    {
        var table = new ResultTable("policy", "mean waiting", "most", "mean running", "most", "queue p99, s");
        foreach (PolicyResult policy in policies)
        {
            SimulationResult result = policy.Result;
            table.Add(policy.Label, result.Waiting.Mean, result.Waiting.Max, result.Running.Mean, result.Running.Max, result.QueueTime.Quantile(0.99).TotalSeconds);
        }

        return table;
    }

    /// <summary>The requests that start around the time when most wait.</summary>
    public static GanttChart Batches(PolicyResult policy)
    {
        TimeSeries waiting = policy.Result.Waiting;
        int most = Enumerable.Range(0, waiting.Count).MaxBy(waiting.MaxAt);
        double middle = most * waiting.Interval.TotalSeconds;
        GanttBar[] bars =
        [
            .. policy.Result.Requests
                .Select(static (times, i) => times is RequestTimes request ? Bar(request, i) : null)
                .OfType<GanttBar>()
                .OrderBy(static bar => bar.Start)
                .ThenBy(static bar => bar.End),
        ];
        int center = Array.FindIndex(bars, bar => bar.Start >= middle);
        int from = Math.Clamp((center < 0 ? bars.Length : center) - (GanttRows / 2), 0, Math.Max(0, bars.Length - GanttRows));
        return new GanttChart($"Batches, {policy.Label}", "time, s", [.. bars.Skip(from).Take(GanttRows)]);
    }

    private static GanttBar Bar(in RequestTimes request, int index)
    {
        double arrival = request.Arrival.TotalSeconds;
        string name = FormattableString.Invariant($"request {index + 1}: {request.PromptTokens} prompt, {request.OutputTokens} output tokens, {request.Evictions} evictions");
        return new GanttBar(
            name,
            arrival,
            arrival + request.QueueTime.TotalSeconds,
            arrival + request.TimeToFirstToken.TotalSeconds,
            arrival + request.Latency.TotalSeconds);
    }

    private static (double X, double Y)[] Points(TimeSeries series, Func<int, double> at, Func<IEnumerable<double>, double> of)
    {
        double interval = series.Interval.TotalSeconds;
        int together = ((series.Count - 1) / MostPoints) + 1;
        return [.. Enumerable.Range(0, series.Count).Chunk(together).Select(part => ((part[0] + (part.Length / 2.0)) * interval, of(part.Select(at))))];
    }

    /// <summary>Marks nearer than half a pixel to the one before say nothing new.</summary>
    private static List<double> Apart(IReadOnlyList<TimeSpan> times, double end)
    {
        const double MostMarks = 1000;
        var marks = new List<double>();
        foreach (TimeSpan time in times)
        {
            if (marks.Count == 0 || time.TotalSeconds - marks[^1] > end / MostMarks)
            {
                marks.Add(time.TotalSeconds);
            }
        }

        return marks;
    }
}
