using System.CommandLine;
using System.Globalization;
using KvScheduling.Simulation;

namespace KvScheduling.Tool;

/// <summary><c>kvsched bench chunks</c>: what the chunk length of long prompts, and how many are computed in part at once, do to a stream; all else equal.</summary>
internal sealed class BenchChunksCommand : ToolCommand
{
    private readonly WorkloadOptions _workload = new();
    private readonly EngineOptions _engine = new();
    private readonly Option<string> _policy = new("--policy") { Description = "The policy.", HelpName = "P", DefaultValueFactory = static _ => "fcfs" };

    private readonly Option<string> _chunks = new("--chunks")
    {
        Description = "Tokens of one prompt per step.",
        HelpName = "C,C,…",
        DefaultValueFactory = static _ => "512,1024,2048",
    };

    private readonly Option<string> _partials = new("--partials")
    {
        Description = "Prompts computed in part at once.",
        HelpName = "N,N,…",
        DefaultValueFactory = static _ => "2,1,4",
    };

    private readonly Option<int> _seed = Options.Seed();
    private readonly Option<string> _format = Options.Format();

    protected override Command Describe()
    {
        var command = new Command(
            "chunks",
            """
            Replays a stream with several chunk lengths of long prompts and several numbers of prompts in part at once; all else is equal. Figures are mean latency / p99 of TTFT /
            p99 of TPOT: those of the first row in seconds, the others relative to it. CSV and JSON have all rows in full.

            Examples:
              kvsched bench chunks --trace AzureLLMInferenceTrace_conv.csv --kv-tokens 137000 --block-size 16 --load 0.7,0.95 --format markdown
              kvsched bench chunks --trace conversation_trace.jsonl --kv-tokens 500000 --load 0.8 --chunks 512,2048 --partials 2,8 --output-lengths history
            """);
        _workload.AddTo(command);
        _engine.AddTo(command);
        foreach (Option option in (Option[])[_policy, _chunks, _partials, _seed, _format])
        {
            command.Options.Add(option);
        }

        return command;
    }

    protected override void Run(ParseResult result, ToolConsole console, CancellationToken cancellationToken)
    {
        int seed = result.GetValue(_seed);
        PolicyChoice choice = PolicyChoice.Parse(result.GetRequiredValue(_policy), KnownPolicies.Streams);
        SimulationSettings settings = _engine.Read(result) with { Seed = seed };
        IReadOnlyList<double> loads = _workload.Loads(result);
        Workload workload = _workload.Read(result, settings, seed, cancellationToken);
        settings = settings with { MaxOutputTokens = settings.MaxOutputTokens ?? workload.Totals.LongestOutput };
        Workload[] workloads = loads.Count == 0 ? [workload] : [.. loads.Select(load => workload.AtLoad(load, settings))];
        Variant[] variants =
        [
            .. Whole(result.GetRequiredValue(_chunks), "--chunks").SelectMany(chunk => Whole(result.GetRequiredValue(_partials), "--partials"), static (chunk, partial) => new Variant(chunk, partial)),
        ];
        SimulationResult[] results = PlannedRuns.Run(
            [.. variants.SelectMany(variant => workloads.Select(each => new PlannedRun(choice, each, variant.Apply(settings))))], console, cancellationToken);
        OutputFormat format = Options.FormatOf(result.GetRequiredValue(_format));
        double[] shown = [.. workloads.Select(each => Math.Round(each.Totals.Load(settings), 4))];
        if (format is OutputFormat.Csv or OutputFormat.Json)
        {
            ResultTable all = All(variants, shown, results);
            if (format == OutputFormat.Csv)
            {
                console.Write(all, format);
                return;
            }

            JsonOutput.Write(console, json => all.WriteJson(json, "runs"));
            return;
        }

        string title = $"{workload.Name}, {choice.Label}, lengths {settings.OutputLengths}: mean latency / p99 of TTFT / p99 of TPOT";
        console.Write(title, Pivot(variants, shown, results), format);
    }

    private static ResultTable Pivot(Variant[] variants, double[] loads, SimulationResult[] results)
    {
        var table = new ResultTable(["chunk × partial", .. loads.Select(static load => "load " + load.ToString(CultureInfo.InvariantCulture))]);
        for (int i = 0; i < variants.Length; i++)
        {
            int row = i;
            table.Add([variants[i].ToString(), .. loads.Select((_, j) => Cell(results[(row * loads.Length) + j], results[j]))]);
        }

        return table;
    }

    private static string Cell(SimulationResult result, SimulationResult first)
    {
        double[] own = Figures(result);
        double[] reference = Figures(first);
        return result == first
            ? string.Join(" / ", own.Select(static value => ResultTable.Rounded(value)))
            : string.Join(" / ", own.Select((value, i) => (value / reference[i]).ToString("0.000", CultureInfo.InvariantCulture)));
    }

    private static double[] Figures(SimulationResult result) =>
        [result.Latency.Mean.TotalSeconds, result.TimeToFirstToken.Quantile(0.99).TotalSeconds, result.TimePerOutputToken.Quantile(0.99).TotalSeconds];

    private static ResultTable All(Variant[] variants, double[] loads, SimulationResult[] results)
    {
        var table = new ResultTable(
            "load", "prefill_chunk", "max_partial_prefills", "mean", "p99", "ttft_mean", "ttft_p99", "tpot_mean", "tpot_p99", "tpot_max", "steps", "evictions", "recomputed_share");
        for (int i = 0; i < results.Length; i++)
        {
            SimulationResult result = results[i];
            Variant variant = variants[i / loads.Length];
            table.Add(
                loads[i % loads.Length],
                variant.Chunk,
                variant.Partials,
                result.Latency.Mean.TotalSeconds,
                result.Latency.Quantile(0.99).TotalSeconds,
                result.TimeToFirstToken.Mean.TotalSeconds,
                result.TimeToFirstToken.Quantile(0.99).TotalSeconds,
                result.TimePerOutputToken.Mean.TotalSeconds,
                result.TimePerOutputToken.Quantile(0.99).TotalSeconds,
                result.TimePerOutputToken.Max.TotalSeconds,
                result.Steps,
                result.Evictions,
                result.RecomputedShare);
        }

        return table;
    }

    private static IReadOnlyList<int> Whole(string list, string option) =>
        [.. Options.NumbersAboveZero(list, option).Select(number => number == Math.Floor(number) && number <= int.MaxValue
            ? (int)number
            : throw new WrongInput($"{option} must be whole numbers, but one is {number.ToString(CultureInfo.InvariantCulture)}."))];

    private sealed record Variant(int Chunk, int Partials)
    {
        public SimulationSettings Apply(SimulationSettings settings)
        {
            Action<KvSchedulingOptions>? configure = settings.Configure;
            return settings with
            {
                PrefillChunkTokens = Chunk,
                Configure = options =>
                {
                    configure?.Invoke(options);
                    options.MaxPartialPrefills = Partials;
                },
            };
        }

        public override string ToString() => FormattableString.Invariant($"{Chunk} × {Partials}");
    }
}
