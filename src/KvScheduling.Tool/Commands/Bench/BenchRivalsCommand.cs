using System.CommandLine;
using KvScheduling.Baselines;
using KvScheduling.Simulation;

namespace KvScheduling.Tool;

/// <summary><c>kvsched bench rivals</c>: workloads that tell schedulers apart, with ours and those of .NET libraries.</summary>
internal sealed class BenchRivalsCommand : ToolCommand
{
    private static readonly string Standard = string.Join(',', (string[])["adaptive", "svf", .. BaselinePolicies.DotNet]);

    private readonly Option<string> _cases = new("--cases")
    {
        Description = $"The cases: {string.Join(", ", RivalCase.All.Select(static each => each.Name))}.",
        HelpName = "C,C,…",
        DefaultValueFactory = static _ => string.Join(',', RivalCase.All.Select(static each => each.Name)),
    };

    private readonly Option<string> _policies = Options.Policies(Standard, KnownPolicies.Streams);
    private readonly Option<int> _seed = Options.Seed();
    private readonly Option<string> _format = Options.Format();

    protected override Command Describe() => new(
        "rivals",
        """
        Replays workloads that tell schedulers apart on one engine: 65,536 KV tokens in blocks of 16, at most 16 requests at once, iteration times of Llama 2 7B on an A100. Each scheduler
        keeps the limits that it ships with; none gets more than 16. Times are in seconds. 'within_10s' is the share of requests whose first token came within 10 seconds; 'not_served' are those
        refused, failed or given up; 'queue' is the most that waited.

        Examples:
          kvsched bench rivals --format markdown
          kvsched bench rivals --cases long-prompts,flood --policies adaptive,vllm,tensorsharp,dotllm-sfq
        """)
    {
        _cases, _policies, _seed, _format,
    };

    protected override void Run(ParseResult result, ToolConsole console, CancellationToken cancellationToken)
    {
        RivalCase[] cases = [.. Cases(result.GetRequiredValue(_cases))];
        IReadOnlyList<PolicyChoice> choices = PolicyChoice.ParseList(result.GetRequiredValue(_policies), KnownPolicies.Streams);
        int seed = result.GetValue(_seed);
        var figures = new RivalFigures[cases.Length * choices.Count];
        int done = 0;
        console.WithProgress([$"{figures.Length} runs"], figures.Length, progress => PlannedRuns.InParallel(figures.Length, i =>
        {
            figures[i] = RivalFigures.Run(cases[i / choices.Count], choices[i % choices.Count].Policy, seed, cancellationToken);
            progress(0)?.Report(Interlocked.Increment(ref done));
        }, cancellationToken));
        OutputFormat format = Options.FormatOf(result.GetRequiredValue(_format));
        if (format is OutputFormat.Csv or OutputFormat.Json)
        {
            ResultTable all = Table(figures, withCase: true);
            if (format == OutputFormat.Csv)
            {
                console.Write(all, format);
                return;
            }

            JsonOutput.Write(console, json => all.WriteJson(json, "runs"));
            return;
        }

        foreach (IGrouping<RivalCase, RivalFigures> rows in figures.GroupBy(static row => row.Case))
        {
            console.Write($"{rows.Key.Name} ({rows.Key.Question})", Table(rows, withCase: false), format);
        }
    }

    private static IEnumerable<RivalCase> Cases(string list) =>
        list.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(static name =>
            RivalCase.All.FirstOrDefault(each => each.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
            ?? throw new WrongInput($"--cases: there is no case named '{name}'. Known cases: {string.Join(", ", RivalCase.All.Select(static each => each.Name))}."));

    private static ResultTable Table(IEnumerable<RivalFigures> figures, bool withCase)
    {
        string[] columns =
        [
            "policy", "ttft_mean", "ttft_p50", "ttft_p99", "mean", "p50", "p99", "max", "within_10s", "not_served", "evictions", "recomputed_share", "queue",
        ];
        var table = new ResultTable(withCase ? ["case", .. columns] : columns);
        foreach (RivalFigures row in figures)
        {
            object?[] cells =
            [
                row.Policy,
                .. Seconds(row.FirstToken, row.FirstToken.Mean, row.FirstToken.Quantile(0.5), row.FirstToken.Quantile(0.99)),
                .. Seconds(row.Latency, row.Latency.Mean, row.Latency.Quantile(0.5), row.Latency.Quantile(0.99), row.Latency.Max),
                row.Served,
                row.NotServed,
                row.Result.Evictions,
                row.Result.RecomputedShare,
                row.Result.Waiting.Max,
            ];
            table.Add(withCase ? [row.Case.Name, .. cells] : cells);
        }

        return table;
    }

    /// <summary>No figures where nobody completed.</summary>
    private static IEnumerable<object?> Seconds(TimeDistribution of, params TimeSpan[] times) => times.Select(time => of.Count == 0 ? (object?)null : time.TotalSeconds);
}
