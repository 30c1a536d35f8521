using System.CommandLine;
using System.Text.Json;
using KvScheduling.Simulation;

namespace KvScheduling.Tool;

/// <summary><c>kvsched bench small</c>: policies against the exact optimum of many small backlogs.</summary>
internal sealed class BenchSmallCommand : ToolCommand
{
    private const string Standard =
        "fcfs,shortest-output,smallest-peak,svf,svf+easy,sorted-f,sorted-f+easy,sorted-f-exact,sorted-f-greedy,sorted-f-quantile,sorted-f-swap,sorted-lp";

    private readonly Option<int> _count = Options.AtLeast(
        new Option<int>("--count") { Description = "How many backlogs.", HelpName = "N", DefaultValueFactory = static _ => 400 }, 1);

    private readonly Option<int> _requests = Options.AtLeast(
        new Option<int>("--requests") { Description = "Requests in each; above 8 the optimum takes long.", HelpName = "N", DefaultValueFactory = static _ => 6 }, 1);

    private readonly Option<int> _seed = Options.Seed();
    private readonly Option<string> _policies = Options.Policies(Standard, Backlog.Policies);
    private readonly Option<string> _format = Options.Format();

    protected override Command Describe() => new(
        "small",
        """
        Draws small backlogs, thin requests and wide ones in a budget of 10 to 24 tokens, and compares total latencies with the exact optimum.

        Examples:
          kvsched bench small --format markdown
          kvsched bench small --count 1000 --requests 7 --policies svf,sorted-f
        """)
    {
        _count, _requests, _seed, _policies, _format,
    };

    protected override void Run(ParseResult result, ToolConsole console, CancellationToken cancellationToken)
    {
        IReadOnlyList<PolicyChoice> choices = PolicyChoice.ParseList(result.GetRequiredValue(_policies), Backlog.Policies);
        int count = result.GetValue(_count);
        var random = new Random(result.GetValue(_seed));
        (WorkloadRequest[] Requests, int KvTokens)[] backlogs = [.. Enumerable.Range(0, count).Select(_ => SyntheticWorkload.DrawSmallBacklog(random, result.GetValue(_requests)))];
        double[][] ratios = new double[count][];
        int done = 0;
        console.WithProgress([$"{count} backlogs"], count, progress => PlannedRuns.InParallel(count, i =>
        {
            (WorkloadRequest[] requests, int kvTokens) = backlogs[i];
            double optimal = Backlog.Drain(Backlog.Optimal, requests, kvTokens, cancellationToken: cancellationToken).TotalLatency;
            ratios[i] = [.. choices.Select(choice => Backlog.Drain(choice.Policy, requests, kvTokens, choice.Backfill ?? false, cancellationToken).TotalLatency / optimal)];
            progress(0)?.Report(Interlocked.Increment(ref done));
        }, cancellationToken));
        OutputFormat format = Options.FormatOf(result.GetRequiredValue(_format));
        Row[] rows = [.. choices.Select((choice, j) => new Row(choice.Label, ratios.Average(each => each[j]), ratios.Max(each => each[j]), ratios.Count(each => each[j] <= 1)))];
        if (format == OutputFormat.Json)
        {
            JsonOutput.Write(console, json => WriteJson(json, count, rows));
            return;
        }

        var table = new ResultTable("policy", "mean", "max", $"optimal of {count}");
        foreach (Row row in rows)
        {
            table.Add(row.Policy, row.Mean, row.Max, row.Optimal);
        }

        console.Write(table, format);
    }

    private static void WriteJson(Utf8JsonWriter json, int count, Row[] rows)
    {
        json.WriteNumber("backlogs", count);
        json.WriteStartObject("policies");
        foreach (Row row in rows)
        {
            json.WriteStartObject(row.Policy);
            json.WriteNumber("mean", row.Mean);
            json.WriteNumber("max", row.Max);
            json.WriteNumber("optimal", row.Optimal);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    /// <summary>Total latency / optimum over all backlogs.</summary>
    private sealed record Row(string Policy, double Mean, double Max, int Optimal);
}
