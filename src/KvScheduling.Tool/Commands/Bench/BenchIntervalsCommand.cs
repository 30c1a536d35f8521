using System.CommandLine;
using System.Text.Json;
using KvScheduling.Baselines;
using KvScheduling.Simulation;

namespace KvScheduling.Tool;

/// <summary><c>kvsched bench intervals</c>: what knowing lengths by intervals costs, against knowing them.</summary>
internal sealed class BenchIntervalsCommand : ToolCommand
{
    private const string Standard = "a-max,a-min,shortest-output";

    private readonly Option<int> _count = Options.AtLeast(
        new Option<int>("--count") { Description = "How many backlogs.", HelpName = "N", DefaultValueFactory = static _ => 60 }, 1);

    private readonly Option<int> _requests = Options.AtLeast(
        new Option<int>("--requests") { Description = "Requests in each.", HelpName = "N", DefaultValueFactory = static _ => 40 }, 1);

    private readonly Option<int> _prompt = Options.AtLeast(
        new Option<int>("--prompt-tokens") { Description = "The prompt length of all.", HelpName = "S", DefaultValueFactory = static _ => 5 }, 1);

    private readonly Option<int> _least = Options.AtLeast(
        new Option<int>("--min-output") { Description = "The lower end of all outputs.", HelpName = "L", DefaultValueFactory = static _ => 2 }, 1);

    private readonly Option<int> _most = Options.AtLeast(
        new Option<int>("--max-output") { Description = "The upper end; outputs are drawn evenly between both.", HelpName = "U", DefaultValueFactory = static _ => 20 }, 1);

    private readonly Option<long> _kvTokens = Options.AtLeast(
        new Option<long>("--kv-tokens") { Description = "The KV budget in tokens.", HelpName = "M", DefaultValueFactory = static _ => 120 }, 1);

    private readonly Option<int> _seed = Options.Seed();
    private readonly Option<string> _policies = Options.Policies(Standard, KnownPolicies.Backlogs);
    private readonly Option<string> _format = Options.Format();

    protected override Command Describe() => new(
        "intervals",
        """
        Draws backlogs of equal prompts whose outputs are known to lie in one interval, and compares policies that know no more (a-max, a-min) with those that know the lengths. Total
        latencies are in rounds, as mean ± standard deviation over the backlogs.

        Examples:
          kvsched bench intervals --format markdown
          kvsched bench intervals --min-output 10 --max-output 20 --policies a-max,a-min,svf
        """)
    {
        _count, _requests, _prompt, _least, _most, _kvTokens, _seed, _policies, _format,
    };

    protected override void Run(ParseResult result, ToolConsole console, CancellationToken cancellationToken)
    {
        PolicyChoice[] choices = [.. PolicyChoice.ParseList(result.GetRequiredValue(_policies), KnownPolicies.Backlogs)];
        long kvTokens = result.GetValue(_kvTokens);
        WorkloadRequest[][] backlogs = Draw(result);
        var schedules = new BacklogSchedule[backlogs.Length][];
        int done = 0;
        console.WithProgress([$"{backlogs.Length} backlogs"], backlogs.Length, progress => PlannedRuns.InParallel(backlogs.Length, i =>
        {
            schedules[i] = [.. choices.Select(choice => BacklogRun.Drain(choice, backlogs[i], kvTokens, cancellationToken))];
            progress(0)?.Report(Interlocked.Increment(ref done));
        }, cancellationToken));
        Row[] rows = [.. choices.Select((choice, j) => new Row(choice.Label, [.. schedules.Select(each => each[j])]))];
        OutputFormat format = Options.FormatOf(result.GetRequiredValue(_format));
        if (format == OutputFormat.Json)
        {
            JsonOutput.Write(console, json => WriteJson(json, backlogs.Length, kvTokens, rows));
            return;
        }

        var table = new ResultTable("policy", "total latency", $"of {rows[^1].Policy}", "evictions per backlog");
        foreach (Row row in rows)
        {
            table.Add(row.Policy, FormattableString.Invariant($"{row.Total.Mean:0} ± {row.Total.Deviation:0}"), row.Total.Mean / rows[^1].Total.Mean, row.Evictions);
        }

        console.Write(table, format);
    }

    private WorkloadRequest[][] Draw(ParseResult result)
    {
        (int least, int most) = (result.GetValue(_least), result.GetValue(_most));
        if (most < least)
        {
            throw new WrongInput($"--max-output {most} is below --min-output {least}. Give a larger upper end.");
        }

        var random = new Random(result.GetValue(_seed));
        int prompt = result.GetValue(_prompt);
        return
        [
            .. Enumerable.Range(0, result.GetValue(_count)).Select(_ => (WorkloadRequest[])
                [.. Enumerable.Range(0, result.GetValue(_requests)).Select(_ => new WorkloadRequest(TimeSpan.Zero, prompt, random.Next(least, most + 1)) { PredictedOutput = new OutputInterval(least, most) })]),
        ];
    }

    private static void WriteJson(Utf8JsonWriter json, int count, long kvTokens, Row[] rows)
    {
        json.WriteNumber("backlogs", count);
        json.WriteNumber("kv_tokens", kvTokens);
        json.WriteStartObject("policies");
        foreach (Row row in rows)
        {
            json.WriteStartObject(row.Policy);
            json.WriteNumber("total_latency", row.Total.Mean);
            json.WriteNumber("deviation", row.Total.Deviation);
            json.WriteNumber("evictions", row.Evictions);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    /// <summary>What a policy made of all backlogs.</summary>
    private sealed class Row
    {
        public Row(string policy, IReadOnlyList<BacklogSchedule> schedules)
        {
            Policy = policy;
            Evictions = schedules.Average(static schedule => schedule.Evictions);
            foreach (BacklogSchedule schedule in schedules)
            {
                Total.Add(schedule.TotalLatency);
            }
        }

        public string Policy { get; }

        public Spread Total { get; } = new();

        public double Evictions { get; }
    }
}
