using System.CommandLine;

namespace KvScheduling.Tool;

/// <summary><c>kvsched bench fairness</c>: what a tenant gets while another floods the engine.</summary>
internal sealed class BenchFairnessCommand : ToolCommand
{
    private readonly Option<string> _rates = new("--rates")
    {
        Description = "Requests per second of the quiet tenant.",
        HelpName = "R,R,…",
        DefaultValueFactory = static _ => "1,2",
    };

    private readonly Option<int> _seed = Options.Seed();
    private readonly Option<string> _format = Options.Format();

    protected override Command Describe() => new(
        "fairness",
        """
        Two tenants send chats to one engine (65,536 KV tokens, 32 requests at once): one sends more than it can serve, the other is quiet. 'alone_p99' is the quiet tenant's p99 latency without the
        other, on half the KV and half the places; 'share_p99' is the same at half speed too: its fair share of all that the engine has; 'of_alone' and 'of_share' are its p99 beside the flood
        relative to these. '+vtc' shares by virtual token counters, dotllm-sfq by start-time fair tags. Times are in seconds.

        Examples:
          kvsched bench fairness --format markdown
          kvsched bench fairness --rates 0.5 --seed 7
        """)
    {
        _rates, _seed, _format,
    };

    protected override void Run(ParseResult result, ToolConsole console, CancellationToken cancellationToken)
    {
        FairnessCase[] cases = [.. Options.NumbersAboveZero(result.GetRequiredValue(_rates), "--rates").Select(static rate => new FairnessCase(rate))];
        IReadOnlyList<FairnessChoice> choices = FairnessChoice.All;
        int seed = result.GetValue(_seed);
        var figures = new FairnessFigures[cases.Length * choices.Count];
        PlannedRuns.InParallel(figures.Length, i => figures[i] = cases[i / choices.Count].Run(choices[i % choices.Count], seed, cancellationToken), cancellationToken);
        var table = new ResultTable("quiet_rate", "policy", "alone_p99", "share_p99", "quiet_p99", "of_alone", "of_share", "quiet_mean", "quiet_ttft_p50", "quiet_ttft_p99", "flood_mean", "flood_p99");
        foreach (FairnessFigures row in figures)
        {
            table.Add(
                row.Case.QuietRate,
                row.Choice.Label,
                row.Alone.Quantile(0.99).TotalSeconds,
                row.Share.Quantile(0.99).TotalSeconds,
                row.Quiet.Quantile(0.99).TotalSeconds,
                row.OfAlone,
                row.OfShare,
                row.Quiet.Mean.TotalSeconds,
                row.QuietFirstTokens.Quantile(0.5).TotalSeconds,
                row.QuietFirstTokens.Quantile(0.99).TotalSeconds,
                row.Loud.Mean.TotalSeconds,
                row.Loud.Quantile(0.99).TotalSeconds);
        }

        OutputFormat format = Options.FormatOf(result.GetRequiredValue(_format));
        if (format == OutputFormat.Json)
        {
            JsonOutput.Write(console, json => table.WriteJson(json, "runs"));
        }
        else
        {
            console.Write(table, format);
        }
    }
}
