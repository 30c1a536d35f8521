using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using KvScheduling.Simulation;

namespace KvScheduling.Tool;

/// <summary><c>kvsched bench streams</c>: a trace at several loads, with lengths known and unknown, against one policy.</summary>
internal sealed class BenchStreamsCommand : ToolCommand
{
    private const string StandardPolicies = "fcfs+strict,fcfs,adaptive,wait,nested-wait,svf,sorted-f";
    private const string StandardBaseline = "fcfs+strict";
    private const string StandardLoads = "0.7,0.8,0.9,0.95,1.0,1.1,1.2";

    /// <summary>1 + prefill tokens / 512 seconds, so that seconds read as rounds.</summary>
    private const string Rounds = "linear:1000,1.953125,0,0";

    private readonly WorkloadOptions _workload = new();
    private readonly EngineOptions _engine = new(Rounds, "1000", "known,history");
    private readonly Option<string> _policies = Options.Policies(StandardPolicies, KnownPolicies.Streams);

    private readonly Option<string> _baseline = new("--baseline")
    {
        Description = "The policy that the others are compared with.",
        HelpName = "P",
        DefaultValueFactory = static _ => StandardBaseline,
    };

    private readonly Option<int> _seed = Options.Seed();
    private readonly Option<string> _format = Options.Format();

    protected override Command Describe()
    {
        var command = new Command(
            "streams",
            $"""
            Replays a trace at several loads ({StandardLoads} unless --load says otherwise), with output lengths known and learned from history, and compares the policies with one.
            Tables show mean latency / p99 latency / evictions: the baseline's own, and of the others mean and p99 relative to it. JSON and CSV have more.

            Examples:
              kvsched bench streams --trace AzureLLMInferenceTrace_conv.csv --kv-tokens 60000 --max-output 1024 --format markdown
              kvsched bench streams --trace conversation_trace.jsonl --kv-tokens 500000 --max-output 2000 --load 0.7,0.95 --policies svf --baseline fcfs
            """);
        _workload.AddTo(command);
        _engine.AddTo(command);
        foreach (Option option in (Option[])[_policies, _baseline, _seed, _format])
        {
            command.Options.Add(option);
        }

        return command;
    }

    protected override void Run(ParseResult result, ToolConsole console, CancellationToken cancellationToken)
    {
        int seed = result.GetValue(_seed);
        PolicyChoice baseline = PolicyChoice.Parse(result.GetRequiredValue(_baseline), KnownPolicies.Streams);
        IReadOnlyList<PolicyChoice> choices = PolicyChoice.ParseList(result.GetRequiredValue(_policies), KnownPolicies.Streams);
        choices = [baseline, .. choices.Where(choice => choice != baseline)];
        SimulationSettings settings = _engine.Read(result) with { Seed = seed };
        IReadOnlyList<double> loads = _workload.Loads(result);
        loads = loads.Count > 0 ? loads : Options.NumbersAboveZero(StandardLoads, "--load");
        Workload workload = _workload.Read(result, settings, seed, cancellationToken);
        settings = settings with { MaxOutputTokens = settings.MaxOutputTokens ?? workload.Totals.LongestOutput };
        StreamFigures[] figures =
        [
            .. _engine.Lengths(result).SelectMany(lengths =>
                StreamFigures.Of(lengths, Sweep.Run(workload, loads, choices, settings with { OutputLengths = lengths }, console, cancellationToken))),
        ];
        OutputFormat format = Options.FormatOf(result.GetRequiredValue(_format));
        switch (format)
        {
            case OutputFormat.Json:
                JsonOutput.Write(console, json => WriteJson(json, workload, settings, baseline, figures));
                break;
            case OutputFormat.Csv:
                console.Write(All(figures), format);
                break;
            default:
                foreach (IGrouping<OutputLengths, StreamFigures> lengths in figures.GroupBy(static row => row.Lengths))
                {
                    string title = $"{workload.Name}, lengths {lengths.Key}: mean / p99 / evictions, relative to {baseline.Label}";
                    console.Write(title, Pivot(loads, choices, [.. lengths]), format);
                }

                break;
        }
    }

    private static ResultTable Pivot(IReadOnlyList<double> loads, IReadOnlyList<PolicyChoice> choices, StreamFigures[] figures)
    {
        var table = new ResultTable(["policy", .. loads.Select(static load => "load " + load.ToString(CultureInfo.InvariantCulture))]);
        foreach (PolicyChoice choice in choices)
        {
            table.Add([choice.Label, .. figures.Where(row => row.Policy == choice.Label).Select(static row => row.ToString())]);
        }

        return table;
    }

    private static ResultTable All(StreamFigures[] figures)
    {
        var table = new ResultTable("output_lengths", "load", "policy", "mean", "p50", "p99", "max", "evictions", "recomputed_share", "of_mean", "of_p50", "of_p99", "of_evictions");
        foreach (StreamFigures row in figures)
        {
            table.Add(
                row.Lengths.ToString(), row.Load, row.Policy, row.Mean, row.Median, row.Tail, row.Max, row.Evictions, row.Recomputed, row.OfMean, row.OfMedian, row.OfTail, row.OfEvictions);
        }

        return table;
    }

    private static void WriteJson(Utf8JsonWriter json, Workload workload, SimulationSettings settings, PolicyChoice baseline, StreamFigures[] figures)
    {
        json.WriteString("workload", workload.Name);
        json.WriteNumber("requests", workload.Totals.Count);
        json.WriteNumber("kv_tokens", settings.KvTokens);
        json.WriteString("baseline", baseline.Label);
        All(figures).WriteJson(json, "runs");
    }
}
