using System.CommandLine;
using System.Text.Json;
using KvScheduling.Simulation;

namespace KvScheduling.Tool;

/// <summary><c>kvsched bench backlogs</c>: mean latencies of drawn backlogs against first come first served, shortest output first and the volume bound.</summary>
internal sealed class BenchBacklogsCommand : ToolCommand
{
    private const string Standard = "fcfs,fcfs+easy,shortest-output,smallest-peak,svf,svf+easy,sorted-f,sorted-f+easy,sorted-f-greedy,sorted-f-quantile";
    private const string Mixes = "mixes";
    private const string Bursts = "bursts";

    private readonly Option<string> _set = new("--set")
    {
        Description = "mixes: five mixes of 1,000 requests; bursts: 400 chats with 10, 30 and 60 % long prompts.",
        HelpName = $"{Mixes}|{Bursts}",
        DefaultValueFactory = static _ => Mixes,
    };

    private readonly Option<int> _seeds = Options.AtLeast(
        new Option<int>("--seeds") { Description = "How many backlogs of each kind are drawn.", HelpName = "N", DefaultValueFactory = static _ => 5 }, 1);

    private readonly Option<int> _seed = Options.Seed();
    private readonly Option<string> _policies = Options.Policies(Standard, Backlog.Policies);
    private readonly Option<string> _format = Options.Format();

    public BenchBacklogsCommand() => _set.AcceptOnlyFromAmong(Mixes, Bursts);

    protected override Command Describe() => new(
        "backlogs",
        """
        Draws backlogs and drains them in unit rounds with several policies. Figures are mean ± standard deviation over the seeds; JSON and CSV have all of them.

        Examples:
          kvsched bench backlogs --format markdown
          kvsched bench backlogs --set bursts --seeds 8 --policies fcfs,svf,sorted-f
        """)
    {
        _set, _seeds, _seed, _policies, _format,
    };

    protected override void Run(ParseResult result, ToolConsole console, CancellationToken cancellationToken)
    {
        IReadOnlyList<BacklogCase> cases = result.GetRequiredValue(_set) == Bursts ? BacklogCase.Bursts : BacklogCase.Mixes;
        IReadOnlyList<PolicyChoice> choices = PolicyChoice.ParseList(result.GetRequiredValue(_policies), Backlog.Policies);
        IReadOnlyList<BacklogFigures> figures = BacklogComparison.Run(
            cases, choices, result.GetValue(_seed), result.GetValue(_seeds), console, cancellationToken);
        OutputFormat format = Options.FormatOf(result.GetRequiredValue(_format));
        switch (format)
        {
            case OutputFormat.Json:
                JsonOutput.Write(console, json => WriteJson(json, figures));
                break;
            case OutputFormat.Csv:
                console.Write(All(figures), format);
                break;
            default:
                console.Write("Total latency / lower bound (the larger of volume bound and sum of outputs)", Pivot(cases, choices, figures, static row => row.OfBound), format);
                console.Write("Mean latency / first come first served", Pivot(cases, choices, figures, static row => row.OfFcfs), format);
                console.Write("Mean latency / shortest output first", Pivot(cases, choices, figures, static row => row.OfShortestOutput), format);
                break;
        }
    }

    private static ResultTable Pivot(
        IReadOnlyList<BacklogCase> cases, IReadOnlyList<PolicyChoice> choices, IReadOnlyList<BacklogFigures> figures, Func<BacklogFigures, Spread> figure)
    {
        var table = new ResultTable(["policy", .. cases.Select(static each => each.Name)]);
        foreach (PolicyChoice choice in choices)
        {
            table.Add([choice.Label, .. figures.Where(row => row.Policy == choice.Label).Select(row => figure(row).ToString())]);
        }

        return table;
    }

    private static ResultTable All(IReadOnlyList<BacklogFigures> figures)
    {
        var table = new ResultTable("backlog", "policy", "mean", "p99", "of_bound", "of_bound_sd", "of_bound_max", "of_fcfs", "of_fcfs_sd", "of_shortest_output", "of_shortest_output_sd");
        foreach (BacklogFigures row in figures)
        {
            table.Add(
                row.Case.Name,
                row.Policy,
                row.Mean.Mean,
                row.Tail.Mean,
                row.OfBound.Mean,
                row.OfBound.Deviation,
                row.OfBound.Max,
                row.OfFcfs.Mean,
                row.OfFcfs.Deviation,
                row.OfShortestOutput.Mean,
                row.OfShortestOutput.Deviation);
        }

        return table;
    }

    private static void WriteJson(Utf8JsonWriter json, IReadOnlyList<BacklogFigures> figures)
    {
        json.WriteStartObject("backlogs");
        foreach (IGrouping<BacklogCase, BacklogFigures> backlog in figures.GroupBy(static row => row.Case))
        {
            json.WriteStartObject(backlog.Key.Name);
            json.WriteNumber("kv_tokens", backlog.Key.KvTokens);
            json.WriteNumber("requests", backlog.Key.Count);
            json.WriteStartObject("policies");
            foreach (BacklogFigures row in backlog)
            {
                json.WriteStartObject(row.Policy);
                json.WriteNumber("mean", row.Mean.Mean);
                json.WriteNumber("p99", row.Tail.Mean);
                Write(json, "of_bound", row.OfBound);
                Write(json, "of_fcfs", row.OfFcfs);
                Write(json, "of_shortest_output", row.OfShortestOutput);
                json.WriteEndObject();
            }

            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, string name, Spread spread)
    {
        json.WriteStartObject(name);
        json.WriteNumber("mean", spread.Mean);
        json.WriteNumber("sd", spread.Deviation);
        json.WriteNumber("min", spread.Min);
        json.WriteNumber("max", spread.Max);
        json.WriteEndObject();
    }
}
