using System.CommandLine;
using KvScheduling.Simulation;

namespace KvScheduling.Tool;

/// <summary><c>kvsched simulate</c>: replays a stream of requests in virtual time with several policies.</summary>
internal sealed class SimulateCommand : ToolCommand
{
    private const string Standard = "adaptive,fcfs,svf,sorted-f,wait,nested-wait";

    private readonly WorkloadOptions _workload = new();
    private readonly EngineOptions _engine = new();
    private readonly Option<string> _policies = Options.Policies(Standard, KnownPolicies.Streams);
    private readonly ServiceLevelOptions _limits = new();
    private readonly Option<bool> _perRequest = new("--per-request") { Description = "JSON also lists every request's TTFT, latency and queue time, in input order." };
    private readonly Option<string?> _report = Options.Report();
    private readonly Option<int> _seed = Options.Seed();
    private readonly Option<string> _format = Options.Format();

    protected override Command Describe()
    {
        var command = new Command(
            "simulate",
            """
            Replays a trace, a file of requests or a synthetic workload in virtual time, through the scheduler that runs in production: its policies, ledger, admission,
            eviction and step composition. Only the engine is simulated. The same input and seed give the same output, byte for byte. Times are in seconds. Goodput counts requests within all limits (--slo-ttft, --slo-tpot, --slo-latency).

            Load 1 is the point at which an engine whose KV cache is always full has just enough time for all the work of the workload.

            Examples:
              kvsched simulate --trace conversation_trace.jsonl --cost-model linear:1000,1.953125,0,0 --kv-tokens 500000 --load 0.95 --output-lengths history
              kvsched simulate --requests requests.csv --cost-model llama2-7b-a100 --kv-tokens 131072 --block-size 16 --policies fcfs,svf --format json
              kvsched simulate --workload p512d20 --rate 20 --count 20000 --kv-tokens 137000 --block-size 16 --max-running 128 --slo-ttft 1 --slo-tpot 0.1
            """);
        _workload.AddTo(command);
        _engine.AddTo(command);
        _limits.AddTo(command);
        foreach (Option option in (Option[])[_policies, _perRequest, _report, _seed, _format])
        {
            command.Options.Add(option);
        }

        return command;
    }

    protected override void Run(ParseResult result, ToolConsole console, CancellationToken cancellationToken)
    {
        int seed = result.GetValue(_seed);
        IReadOnlyList<PolicyChoice> choices = PolicyChoice.ParseList(result.GetRequiredValue(_policies), KnownPolicies.Streams);
        OutputFormat format = Options.FormatOf(result.GetRequiredValue(_format));
        SimulationSettings settings = _engine.Read(result) with
        {
            Seed = seed,
            ServiceLevel = _limits.Read(result),
        };
        IReadOnlyList<double> loads = _workload.Loads(result);
        Workload workload = _workload.Read(result, settings, seed, cancellationToken);
        bool perRequest = result.GetValue(_perRequest) && format == OutputFormat.Json;
        string? report = result.GetValue(_report);
        settings = settings with
        {
            MaxOutputTokens = settings.MaxOutputTokens ?? workload.Totals.LongestOutput,
            KeepRequests = perRequest || (report is not null && workload.Totals.Count <= StreamReport.MostBars),
        };
        IReadOnlyList<LoadResults> results = Sweep.Run(workload, loads, choices, settings, console, cancellationToken);
        if (report is not null)
        {
            StreamReport.Save(report, _engine.CostModelName(result), settings.OutputLengths.ToString(), settings.KvTokens, results);
        }

        if (format == OutputFormat.Json)
        {
            JsonOutput.Write(console, json => SimulationReport.WriteJson(json, settings, perRequest, _engine.CostModelName(result), results));
        }
        else
        {
            console.Write(SimulationReport.Table(results), format);
        }
    }
}
