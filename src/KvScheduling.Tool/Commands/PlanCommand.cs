using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using KvScheduling.Simulation;

namespace KvScheduling.Tool;

/// <summary><c>kvsched plan</c>: how many instances, or how much KV, a workload needs to keep its promises.</summary>
internal sealed class PlanCommand : ToolCommand
{
    private const string Instances = "instances";
    private const string Kv = "kv";

    /// <summary>The KV that is left when the plan is tried at its edge, and how much worse is a cliff.</summary>
    private const double LessKv = 0.95;
    private const double Cliff = 1.5;

    private readonly WorkloadOptions _workload = new();
    private readonly EngineOptions _engine = new();
    private readonly ServiceLevelOptions _limits = new();
    private readonly Option<string> _policy = new("--policy") { Description = "The policy.", HelpName = "P", DefaultValueFactory = static _ => "svf" };

    private readonly Option<string> _find = new("--find")
    {
        Description = "instances: how many, each with --kv-tokens; kv: how many KV tokens one instance needs, at most --kv-tokens.",
        HelpName = $"{Instances}|{Kv}",
        DefaultValueFactory = static _ => Instances,
    };

    private readonly Option<double> _percentile = new("--percentile")
    {
        Description = "The percentile of each time that must be within its limit.",
        HelpName = "P",
        DefaultValueFactory = static _ => 99,
    };

    private readonly Option<int> _maxInstances = Options.AtLeast(
        new Option<int>("--max-instances") { Description = "The most instances to consider.", HelpName = "N", DefaultValueFactory = static _ => 64 }, 1);

    private readonly Option<int> _seed = Options.Seed();
    private readonly Option<string> _format = Options.Format();

    public PlanCommand()
    {
        _find.AcceptOnlyFromAmong(Instances, Kv);
        _percentile.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && double.TryParse(result.Tokens[0].Value, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && !(value is > 0 and <= 100))
            {
                result.AddError($"--percentile must be above 0 and at most 100, but is {result.Tokens[0].Value}.");
            }
        });
    }

    protected override Command Describe()
    {
        var command = new Command(
            "plan",
            """
            Finds the least number of instances, or the least KV budget, with which a workload keeps its limits on TTFT, TPOT and latency, by replaying it. Requests go to the instances
            in turn. The plan is then tried with 5 % less KV: where that is much worse, it stands at the edge of a cliff, and a little more KV is worth a lot.

            Examples:
              kvsched plan --trace trace.csv --rate-scale 3 --cost-model model.json --kv-tokens 131072 --output-lengths history --slo-ttft 2 --slo-tpot 0.1
              kvsched plan --trace trace.csv --kv-tokens 131072 --find kv --slo-latency 60 --percentile 95
            """);
        _workload.AddTo(command);
        _engine.AddTo(command);
        _limits.AddTo(command);
        foreach (Option option in (Option[])[_policy, _find, _percentile, _maxInstances, _seed, _format])
        {
            command.Options.Add(option);
        }

        return command;
    }

    protected override void Run(ParseResult result, ToolConsole console, CancellationToken cancellationToken)
    {
        int seed = result.GetValue(_seed);
        PolicyChoice choice = PolicyChoice.Parse(result.GetRequiredValue(_policy), KnownPolicies.Streams);
        SimulationSettings settings = choice.Apply(_engine.Read(result) with { Seed = seed });
        ServiceLevel limits = _limits.Read(result) ?? throw new WrongInput("A plan needs a limit to keep. Give --slo-ttft, --slo-tpot or --slo-latency.");
        IReadOnlyList<double> loads = _workload.Loads(result);
        Workload workload = _workload.Read(result, settings, seed, cancellationToken);
        settings = settings with { MaxOutputTokens = settings.MaxOutputTokens ?? workload.Totals.LongestOutput };
        workload = loads.Count switch
        {
            0 => workload,
            1 => workload.AtLoad(loads[0], settings),
            _ => throw new WrongInput("A plan is for one load. Give one number with --load."),
        };
        double percentile = result.GetValue(_percentile);
        bool findsKv = result.GetRequiredValue(_find) == Kv;
        int most = result.GetValue(_maxInstances);
        var planner = new CapacityPlanner(choice.Policy, workload.Requests, settings, new CapacityGoal(limits, percentile / 100));
        CapacityPoint? point = null;
        CapacityPoint? less = null;
        console.WithProgress(["replays"], Expected(findsKv, most), progress =>
        {
            point = findsKv ? planner.FindKv(progress(0), cancellationToken) : planner.FindInstances(most, progress(0), cancellationToken);
            less = point is null ? null : planner.WithLessKv(point, LessKv, progress(0), cancellationToken);
        });
        var plan = new Plan(choice.Label, percentile, limits, workload, workload.Totals.Load(settings with { KvTokens = point?.KvTokens ?? settings.KvTokens }), point, less);
        OutputFormat format = Options.FormatOf(result.GetRequiredValue(_format));
        if (format == OutputFormat.Json)
        {
            JsonOutput.Write(console, plan.WriteJson);
            return;
        }

        if (point is null)
        {
            string tried = findsKv ? $"one instance with {settings.KvTokens} KV tokens does not" : $"{most} instances do not";
            console.Output.Write($"No plan: {tried} keep the limits. Loosen them, or raise {(findsKv ? "--kv-tokens" : "--max-instances or --kv-tokens")}.\n");
            return;
        }

        console.Write(plan.Table(), format);
        if (format != OutputFormat.Csv)
        {
            console.Output.Write(plan.Verdict + "\n");
            if (plan.Warning is string warning)
            {
                console.Output.Write(warning + "\n");
            }
        }
    }

    /// <summary>About as many replays as the search takes.</summary>
    private static double Expected(bool findsKv, int most) => findsKv ? 12 : 2 + (2 * Math.Log2(Math.Max(most, 2)) / 2);

    private sealed record Plan(string Policy, double Percentile, ServiceLevel Limits, Workload Workload, double Load, CapacityPoint? Point, CapacityPoint? Less)
    {
        /// <summary>How much worse the worst limited time gets with less KV; null where that could not be tried.</summary>
        private double? Worse => Point is null || Less is null ? null : Limited(Point).Zip(Limited(Less), static (now, then) => now > TimeSpan.Zero ? then / now : 1).Max();

        /// <summary>The share of an instance's capacity in the fluid model that the workload takes.</summary>
        private double? LoadPerInstance => Load / Point?.Instances;

        /// <summary>Whether the fluid model has an equilibrium that fits the KV: then the line stays bounded however long the workload goes on.</summary>
        private bool? IsStable => LoadPerInstance is double load && double.IsFinite(load) ? load < 1 : null;

        public string? Verdict => string.Create(
            CultureInfo.InvariantCulture,
            $"Fluid model: load {LoadPerInstance:0.00} per instance, {(IsStable == true ? "stable" : "not stable: the limits are kept for as long as this workload lasts, and would not be if it went on")}.");

        public string? Warning => Point is null ? null
            : Less is null ? "KV cliff: with 5 % less KV the largest request would not fit any more."
            : Worse >= Cliff ? string.Create(CultureInfo.InvariantCulture, $"KV cliff: with 5 % less KV the {Percentile:0.##}th percentile is {Worse:0.0} times as long. Plan for more KV.")
            : null;

        public ResultTable Table()
        {
            var table = new ResultTable("plan", "instances", "kv_tokens", "ttft", "tpot", "latency", "kv", "evictions");
            foreach ((string name, CapacityPoint? point) in ((string, CapacityPoint?)[])[(Policy, Point), ("with 5 % less KV", Less)])
            {
                if (point is not null)
                {
                    table.Add(
                        name,
                        point.Instances,
                        point.KvTokens,
                        point.TimeToFirstToken.TotalSeconds,
                        point.TimePerOutputToken.TotalSeconds,
                        point.Latency.TotalSeconds,
                        point.KvShare,
                        point.Evictions);
                }
            }

            return table;
        }

        public void WriteJson(Utf8JsonWriter json)
        {
            json.WriteString("workload", Workload.Name);
            json.WriteString("policy", Policy);
            json.WriteNumber("percentile", Percentile);
            json.WriteNumberOrNull("load", Load);
            json.WriteBoolean("feasible", Point is not null);
            json.WriteNumberOrNull("instances", Point?.Instances);
            json.WriteNumberOrNull("kv_tokens", Point?.KvTokens);
            json.WriteNumberOrNull("load_per_instance", LoadPerInstance);
            if (IsStable is bool stable)
            {
                json.WriteBoolean("stable", stable);
            }
            else
            {
                json.WriteNull("stable");
            }

            json.WriteNumberOrNull("ttft", Point?.TimeToFirstToken.TotalSeconds);
            json.WriteNumberOrNull("tpot", Point?.TimePerOutputToken.TotalSeconds);
            json.WriteNumberOrNull("latency", Point?.Latency.TotalSeconds);
            json.WriteNumberOrNull("kv_utilisation", Point?.KvShare);
            json.WriteNumberOrNull("evictions", Point?.Evictions);
            json.WriteNumberOrNull("times_longer_with_5_percent_less_kv", Worse);
            json.WriteString("warning", Warning);
        }

        private IEnumerable<TimeSpan> Limited(CapacityPoint point)
        {
            if (Limits.TimeToFirstToken is not null)
            {
                yield return point.TimeToFirstToken;
            }

            if (Limits.TimePerOutputToken is not null)
            {
                yield return point.TimePerOutputToken;
            }

            if (Limits.Latency is not null)
            {
                yield return point.Latency;
            }
        }
    }
}
