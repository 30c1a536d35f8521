using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using KvScheduling.Simulation;

namespace KvScheduling.Tool;

/// <summary><c>kvsched bench wait</c>: WAIT and Nested WAIT against the rules of vLLM and Sarathi, at equal caps.</summary>
internal sealed class BenchWaitCommand : ToolCommand
{
    private const string StandardPolicies = "sarathi,vllm,vllm-v0,fcfs,wait,wait+exact,nested-wait,nested-wait+exact,adaptive";

    private readonly Option<string> _workloads = new("--workloads")
    {
        Description = $"The workloads: {string.Join(", ", WaitWorkload.All.Select(static each => each.Name))}.",
        HelpName = "W,W,…",
        DefaultValueFactory = static _ => string.Join(',', WaitWorkload.All.Select(static each => each.Name)),
    };

    private readonly Option<string?> _rates = new("--rates") { Description = "Requests per second, for all workloads; by default each has its own.", HelpName = "R,R,…" };

    private readonly Option<string> _policies = new("--policies")
    {
        Description = $"The policies to compare, separated by commas. {WaitContender.Exact} behind wait and nested-wait: steps as in the paper; {WaitContender.Known} behind any: lengths known.",
        HelpName = "P,P,…",
        DefaultValueFactory = static _ => StandardPolicies,
    };

    private readonly Option<string> _baseline = new("--baseline")
    {
        Description = "The policy that the others are compared with, run by run.",
        HelpName = "P",
        DefaultValueFactory = static _ => "sarathi",
    };

    private readonly Option<int?> _requests = Options.AtLeast(
        new Option<int?>("--requests") { Description = "Requests per run; by default each workload has its own number.", HelpName = "N" }, 10);

    private readonly Option<int> _seeds = Options.AtLeast(
        new Option<int>("--seeds") { Description = "Runs of each policy at each rate.", HelpName = "N", DefaultValueFactory = static _ => 10 }, 1);

    private readonly Option<int> _seed = Options.Seed();
    private readonly WaitCapsOptions _caps = new();
    private readonly Option<string> _format = Options.Format();

    protected override Command Describe()
    {
        var command = new Command(
            "wait",
            """
            Replays the workloads of the WAIT paper (arXiv 2504.11320), Poisson arrivals, with WAIT and Nested WAIT, live and exactly as published, and with the rules of other servers. All have the same
            caps and, seed by seed, the same requests. WAIT is told the output lengths, all others learn from what completed or don't ask.
            Times are in seconds, over the requests but the first and last tenth; ± is half of a 95 % confidence interval over the seeds (Student's t). A policy keeps up at a rate when in nine of ten
            runs everybody completes and the mean latency of the last third of arrivals is at most 1.5 times that of the first third.

            Examples:
              kvsched bench wait --format markdown
              kvsched bench wait --workloads p512d20 --rates 20,22,24 --policies wait,wait+exact,fcfs+known --requests 20000
            """);
        foreach (Option option in (Option[])[_workloads, _rates, _policies, _baseline, _requests, _seeds, _seed])
        {
            command.Options.Add(option);
        }

        _caps.AddTo(command);
        command.Options.Add(_format);
        return command;
    }

    protected override void Run(ParseResult result, ToolConsole console, CancellationToken cancellationToken)
    {
        WaitContender baseline = WaitContender.Parse(result.GetRequiredValue(_baseline));
        WaitContender[] contenders = [baseline, .. WaitContender.ParseList(result.GetRequiredValue(_policies)).Where(each => each != baseline)];
        WaitWorkload[] workloads = [.. Workloads(result)];
        SimulationSettings caps = _caps.Read(result);
        var comparison = new WaitComparison(caps, result.GetValue(_seed), result.GetValue(_seeds));
        var report = new WaitReport(workloads, contenders, caps, comparison.Run(workloads, contenders, console, cancellationToken));
        OutputFormat format = Options.FormatOf(result.GetRequiredValue(_format));
        switch (format)
        {
            case OutputFormat.Json:
                JsonOutput.Write(console, report.WriteJson);
                break;
            case OutputFormat.Csv:
                console.Write(report.All(), format);
                break;
            default:
                report.Write(console, format);
                break;
        }
    }

    private IEnumerable<WaitWorkload> Workloads(ParseResult result)
    {
        IReadOnlyList<double>? rates = result.GetValue(_rates) is string list ? Options.NumbersAboveZero(list, "--rates") : null;
        string[] names = result.GetRequiredValue(_workloads).Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return names.Select(WaitWorkload.Get).Distinct().Select(workload => workload with
        {
            Rates = rates ?? workload.Rates,
            Requests = result.GetValue(_requests) ?? workload.Requests,
        });
    }
}
