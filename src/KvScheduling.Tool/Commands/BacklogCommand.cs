using System.CommandLine;
using System.Text.Json;
using KvScheduling.Baselines;
using KvScheduling.Simulation;

namespace KvScheduling.Tool;

/// <summary><c>kvsched backlog</c>: drains a file of requests in unit rounds with several policies and compares them with the bounds.</summary>
internal sealed class BacklogCommand : ToolCommand
{
    private const string Standard = "fcfs,shortest-output,smallest-peak,svf,sorted-f";

    private readonly Option<string> _requests = new("--requests")
    {
        Description = "A CSV file with the columns prompt_tokens and output_tokens, a request per row; all are there at round 0. min_output_tokens and max_output_tokens may stand beside.",
        HelpName = "F.csv",
        Required = true,
    };

    private readonly Option<long> _kvTokens = Options.KvTokens();
    private readonly Option<string> _policies = Options.Policies(Standard, KnownPolicies.Backlogs);
    private readonly Option<string?> _report = Options.Report();
    private readonly Option<string> _format = Options.Format();

    protected override Command Describe() => new(
        "backlog",
        """
        Drains requests that are all there at round 0, in unit rounds: each running request generates a token per round, prompts take no time, lengths are known.
        Every round the head of a policy's order is tested and started as long as it fits the KV budget to its end. Latencies are completion rounds.
        a-max and a-min know lengths by intervals only, from the columns min_output_tokens and max_output_tokens; a-min evicts, and who is evicted begins again.
        The volume bound holds for every backlog; the linear relaxation (lp_bound) and the exact optimum are worked out for small ones.

        Examples:
          kvsched backlog --requests backlog.csv --kv-tokens 16492
          kvsched backlog --requests intervals.csv --kv-tokens 120 --policies a-max,a-min,shortest-output
          kvsched backlog --requests tiny.csv --kv-tokens 12 --policies fcfs,svf,sorted-f-exact,optimal --format json
        """)
    {
        _requests, _kvTokens, _policies, _report, _format,
    };

    protected override void Run(ParseResult result, ToolConsole console, CancellationToken cancellationToken)
    {
        string path = result.GetRequiredValue(_requests);
        long kvTokens = result.GetRequiredValue(_kvTokens);
        IReadOnlyList<PolicyChoice> choices = PolicyChoice.ParseList(result.GetRequiredValue(_policies), KnownPolicies.Backlogs);
        WorkloadRequest[] requests = [.. WorkloadFile.Read(path)];
        if (requests.Length == 0)
        {
            throw new WrongInput($"{path} has a header but no requests. Add a row per request.");
        }

        var schedules = new BacklogSchedule[choices.Count];
        console.WithProgress([.. choices.Select(static choice => choice.Label)], 1, progress =>
        {
            for (int i = 0; i < choices.Count; i++)
            {
                schedules[i] = BacklogRun.Drain(choices[i], requests, kvTokens, cancellationToken);
                progress(i)?.Report(1);
            }
        });
        var bounds = new Bounds(
            BacklogBounds.Volume(requests, kvTokens),
            BacklogBounds.Trivial(requests),
            BacklogBounds.Linear(requests, kvTokens, cancellationToken),
            Array.Find(schedules, static schedule => schedule.Policy == Backlog.Optimal)?.TotalLatency ?? BacklogBounds.Optimal(requests, kvTokens, cancellationToken));
        OutputFormat format = Options.FormatOf(result.GetRequiredValue(_format));
        if (result.GetValue(_report) is string report)
        {
            BacklogReport.Save(report, Path.GetFileName(path), requests, kvTokens, Table(bounds, choices, schedules, isForMachines: false), choices, schedules);
        }

        if (format == OutputFormat.Json)
        {
            JsonOutput.Write(console, json => WriteJson(json, kvTokens, requests.Length, bounds, choices, schedules));
        }
        else
        {
            console.Write(Table(bounds, choices, schedules, format == OutputFormat.Csv), format);
        }
    }

    private static ResultTable Table(Bounds bounds, IReadOnlyList<PolicyChoice> choices, BacklogSchedule[] schedules, bool isForMachines)
    {
        var table = new ResultTable("policy", "total_latency", "mean", "p50", "p99", "max", "makespan", "peak_kv", "of_bound");
        double bound = Math.Max(Math.Max(bounds.Volume, bounds.Trivial), bounds.Linear ?? 0);
        foreach ((PolicyChoice choice, BacklogSchedule schedule) in choices.Zip(schedules))
        {
            table.Add(
                choice.Label,
                schedule.TotalLatency,
                schedule.MeanLatency,
                schedule.Quantile(0.5),
                schedule.Quantile(0.99),
                schedule.Makespan,
                schedule.Makespan,
                schedule.PeakKvTokens,
                schedule.TotalLatency / (bounds.Optimal ?? bound));
        }

        if (!isForMachines)
        {
            table.Add("volume bound", bounds.Volume, null, null, null, null, null, null, null);
            table.Add("linear relaxation", bounds.Linear, null, null, null, null, null, null, null);
            table.Add("optimum", bounds.Optimal, null, null, null, null, null, null, null);
        }

        return table;
    }

    private static void WriteJson(Utf8JsonWriter json, long kvTokens, int count, Bounds bounds, IReadOnlyList<PolicyChoice> choices, BacklogSchedule[] schedules)
    {
        json.WriteNumber("kv_tokens", kvTokens);
        json.WriteNumber("requests", count);
        json.WriteNumber("volume_bound", bounds.Volume);
        json.WriteNumberOrNull("lp_bound", bounds.Linear);
        json.WriteNumberOrNull("optimal", bounds.Optimal);
        json.WriteStartObject("policies");
        foreach ((PolicyChoice choice, BacklogSchedule schedule) in choices.Zip(schedules))
        {
            json.WriteStartObject(choice.Label);
            json.WriteNumber("total_latency", schedule.TotalLatency);
            json.WriteNumber("mean", schedule.MeanLatency);
            json.WriteNumber("p50", schedule.Quantile(0.5));
            json.WriteNumber("p99", schedule.Quantile(0.99));
            json.WriteNumber("max", schedule.Makespan);
            json.WriteNumber("makespan", schedule.Makespan);
            json.WriteNumber("peak_kv", schedule.PeakKvTokens);
            if (IntervalPolicies.All.ContainsKey(choice.Policy))
            {
                json.WriteNumber("evictions", schedule.Evictions);
            }

            json.WriteStartArray("starts");
            foreach (int start in schedule.Starts)
            {
                json.WriteNumberValue(start);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private sealed record Bounds(double Volume, long Trivial, double? Linear, long? Optimal);
}
