using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using KvScheduling.Simulation;

namespace KvScheduling.Tool;

/// <summary><c>kvsched thresholds</c>: the thresholds of WAIT, or what those of Nested WAIT need.</summary>
internal sealed class ThresholdsCommand : ToolCommand
{
    private readonly Option<string> _policy = new("--policy") { Description = "wait: selects thresholds; nested-wait: works out what given ones need.", HelpName = "wait|nested-wait", Required = true };
    private readonly Option<string> _types = Options.FluidTypes(isRequired: false);
    private readonly FluidCostOptions _cost = new();
    private readonly Option<long?> _kvTokens = Options.AtLeast(new Option<long?>("--kv-tokens") { Description = "The KV budget in tokens; wait needs it.", HelpName = "C" }, 1);
    private readonly Option<double?> _slack = Options.ZeroOrMore("--slack", "wait: by what share a full iteration must be shorter than the arrivals of a threshold take; 0.1 by default.", "ε");
    private readonly Option<int?> _promptTokens = Options.AtLeast(new Option<int?>("--prompt-tokens") { Description = "nested-wait: prompt tokens of all requests.", HelpName = "l" }, 1);
    private readonly Option<string?> _boundaries = new("--boundaries") { Description = "nested-wait: the decode at which each segment ends, rising.", HelpName = "r1,r2,…" };
    private readonly Option<string?> _thresholds = new("--thresholds") { Description = "nested-wait: the threshold of each segment.", HelpName = "n1,n2,…" };
    private readonly Option<string?> _continue = new("--continue") { Description = "nested-wait: the share of each segment but the last that goes on.", HelpName = "p2,p3,…" };
    private readonly Option<double?> _horizon = Options.AboveZero("--horizon", "nested-wait: how long the KV must suffice; an hour by default.", "SECONDS");
    private readonly Option<double?> _failure = Options.AboveZero("--failure", "nested-wait: how likely it may fail in that time, below 1; 0.001 by default.", "δ");
    private readonly Option<string> _format = Options.Format();

    public ThresholdsCommand() => _policy.AcceptOnlyFromAmong(SchedulingPolicies.Wait, SchedulingPolicies.NestedWait);

    protected override Command Describe()
    {
        var command = new Command(
            "thresholds",
            """
            wait: the smallest whole thresholds, one per type, such that a full iteration ends before a threshold of arrivals has come (arXiv 2504.11320, section 3).
            nested-wait: what given thresholds hold when every stage is full, how fast the tails of the boundary queues decay (theta), the safety buffer, and the KV budget that suffices over the
            horizon but for the failure probability (section 4).

            Examples:
              kvsched thresholds --policy wait --types types.csv --d0 0.0102 --d1 3.9e-7 --kv-tokens 137000 --slack 0.1
              kvsched thresholds --policy nested-wait --d0 0.0102 --prompt-tokens 59 --boundaries 100,200,500 --thresholds 4,3,2 --continue 0.55,0.45 --horizon 200 --failure 0.001
            """);
        command.Options.Add(_policy);
        command.Options.Add(_types);
        _cost.AddTo(command);
        foreach (Option option in (Option[])[_kvTokens, _slack, _promptTokens, _boundaries, _thresholds, _continue, _horizon, _failure, _format])
        {
            command.Options.Add(option);
        }

        return command;
    }

    protected override void Run(ParseResult result, ToolConsole console, CancellationToken cancellationToken)
    {
        ThresholdFigures figures = result.GetRequiredValue(_policy) == SchedulingPolicies.Wait ? Wait(result) : NestedWait(result);
        OutputFormat format = Options.FormatOf(result.GetRequiredValue(_format));
        if (format == OutputFormat.Json)
        {
            JsonOutput.Write(console, figures.WriteJson);
        }
        else
        {
            console.Write(figures.Table(), format);
        }
    }

    private static IReadOnlyList<double> Numbers(string text, string option) =>
        [.. text.Split(',', StringSplitOptions.TrimEntries).Select(part => double.TryParse(part, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && double.IsFinite(value)
            ? value
            : throw new WrongInput($"{option}: '{part}' is no number. Give numbers separated by commas."))];

    private static T Given<T>(T? value, string option, string policy)
        where T : class => value ?? throw Missing(option, policy);

    private static T Given<T>(T? value, string option, string policy)
        where T : struct => value ?? throw Missing(option, policy);

    private static WrongInput Missing(string option, string policy) => new($"{policy} needs {option}. kvsched thresholds --help says what it is.");

    private ThresholdFigures Wait(ParseResult result)
    {
        const string Name = SchedulingPolicies.Wait;
        IReadOnlyList<FluidType> types = FluidTypesFile.Read(Given(result.GetValue(_types), "--types", Name));
        WaitThresholds selected = WaitThresholds.Select(types, _cost.Read(result), Given(result.GetValue(_kvTokens), "--kv-tokens", Name), result.GetValue(_slack) ?? 0.1);
        return new ThresholdFigures(selected.IsFeasible, [.. selected.Thresholds.Select(static n => (double)n)], selected.KvTokens, selected.IterationSeconds, null);
    }

    private ThresholdFigures NestedWait(ParseResult result)
    {
        const string Name = SchedulingPolicies.NestedWait;
        FluidCost cost = _cost.Read(result);
        IReadOnlyList<double> thresholds = Numbers(Given(result.GetValue(_thresholds), "--thresholds", Name), "--thresholds");
        int[] boundaries = [.. Numbers(Given(result.GetValue(_boundaries), "--boundaries", Name), "--boundaries").Select(static value => value is >= 1 and <= int.MaxValue && value == Math.Floor(value)
            ? (int)value
            : throw new WrongInput($"--boundaries: {value.ToString(CultureInfo.InvariantCulture)} must be a whole number of decodes, at least 1."))];
        IReadOnlyList<double> continues = result.GetValue(_continue) is { Length: > 0 } text ? Numbers(text, "--continue") : [];
        try
        {
            NestedWaitThresholds nested = NestedWaitThresholds.Compute(
                Given(result.GetValue(_promptTokens), "--prompt-tokens", Name),
                boundaries,
                thresholds,
                continues,
                cost.BaseSeconds,
                result.GetValue(_horizon) ?? 3600,
                result.GetValue(_failure) ?? 1e-3);
            bool fits = !(nested.RequiredKvTokens > (result.GetValue(_kvTokens) ?? double.PositiveInfinity));
            return new ThresholdFigures(nested.Drains && fits, thresholds, nested.BaseKvTokens, cost.BaseSeconds + (cost.SecondsPerKvToken * nested.BaseKvTokens), nested);
        }
        catch (ArgumentException error)
        {
            throw new WrongInput(error.Message, error);
        }
    }
}
