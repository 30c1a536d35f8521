using System.CommandLine;
using System.Text.Json;
using KvScheduling.Simulation;

namespace KvScheduling.Tool;

/// <summary><c>kvsched fluid</c>: the fluid equilibrium of a stream, and whether it is stable.</summary>
internal sealed class FluidCommand : ToolCommand
{
    private readonly Option<string> _types = Options.FluidTypes(isRequired: true);
    private readonly FluidCostOptions _cost = new();
    private readonly Option<long> _kvTokens = Options.KvTokens();
    private readonly Option<string> _format = Options.Format();

    protected override Command Describe()
    {
        var command = new Command(
            "fluid",
            """
            Solves the fluid model of a stream (arXiv 2504.11320, section 2): how long an iteration is, how many requests stand at each stage and what KV they hold when arrivals flow evenly.
            The stream is stable when that equilibrium exists and fits the KV budget. An iteration takes d0 + d1·KV tokens of everybody in it, or d0 + c-prefill·prefill tokens +
            c-decode·decoding requests + c-kv·their KV tokens. The load is the work that arrives per second; critical_rate_scale is the factor on all rates at which it is 1.

            Examples:
              kvsched fluid --types types.csv --d0 0.0102 --d1 3.9e-7 --kv-tokens 137000
              kvsched fluid --types types.csv --d0 0.008908 --c-prefill 5.63e-5 --c-decode 6.829e-5 --c-kv 2.667e-7 --kv-tokens 137000 --format json
            """);
        command.Options.Add(_types);
        _cost.AddTo(command);
        command.Options.Add(_kvTokens);
        command.Options.Add(_format);
        return command;
    }

    protected override void Run(ParseResult result, ToolConsole console, CancellationToken cancellationToken)
    {
        IReadOnlyList<FluidType> types = FluidTypesFile.Read(result.GetRequiredValue(_types));
        FluidEquilibrium fluid = FluidEquilibrium.Solve(types, _cost.Read(result), result.GetRequiredValue(_kvTokens));
        OutputFormat format = Options.FormatOf(result.GetRequiredValue(_format));
        if (format == OutputFormat.Json)
        {
            JsonOutput.Write(console, json => WriteJson(json, fluid));
            return;
        }

        var table = new ResultTable("figure", "value", "meaning");
        table.Add("stable", fluid.IsStable ? "yes" : "no", "the equilibrium exists and fits the KV budget");
        table.Add("load", fluid.Load, "seconds of work that arrive per second");
        table.Add("iteration", Figure(fluid, fluid.IterationSeconds), "seconds");
        table.Add("KV tokens", Figure(fluid, fluid.KvTokens), "held");
        table.Add("tokens per second", Figure(fluid, fluid.TokensPerSecond), "decodes of all types");
        table.Add("critical rate scale", fluid.CriticalRateScale, "factor on all rates at which the load is 1");
        table.Add("stable rate scale", fluid.StableRateScale, "factor on all rates at which the KV budget is full");
        for (int i = 0; i < fluid.RequestsPerStage.Count; i++)
        {
            table.Add(FormattableString.Invariant($"requests per stage, type {i + 1}"), fluid.RequestsPerStage[i], "at each of its stages");
        }

        console.Write(table, format);
    }

    private static double? Figure(FluidEquilibrium fluid, double value) => fluid.Exists ? value : null;

    private static void WriteJson(Utf8JsonWriter json, FluidEquilibrium fluid)
    {
        json.WriteBoolean("stable", fluid.IsStable);
        json.WriteNumber("load", fluid.Load);
        json.WriteNumberOrNull("iteration_seconds", Figure(fluid, fluid.IterationSeconds));
        json.WriteNumbersOrNull("requests_per_stage", fluid.Exists ? fluid.RequestsPerStage : null);
        json.WriteNumberOrNull("kv_tokens", Figure(fluid, fluid.KvTokens));
        json.WriteNumberOrNull("tokens_per_second", Figure(fluid, fluid.TokensPerSecond));
        json.WriteNumberOrNull("critical_rate_scale", fluid.CriticalRateScale);
    }
}
