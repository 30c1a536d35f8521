using System.CommandLine;

namespace KvScheduling.Tool;

/// <summary>The options that say what an iteration costs in the fluid model.</summary>
internal sealed class FluidCostOptions
{
    private readonly Option<double?> _d0 = Options.AboveZero("--d0", "What an iteration costs before it computes anything.", "SECONDS");
    private readonly Option<double?> _d1 = Options.ZeroOrMore("--d1", "What each KV token of everybody in the batch costs, prompts included; 0 by default.", "SECONDS");
    private readonly Option<double?> _prefill = Options.ZeroOrMore("--c-prefill", "What a prefill token costs; --d1 by default.", "SECONDS");
    private readonly Option<double?> _decode = Options.ZeroOrMore("--c-decode", "What a decoding request costs; 0 by default.", "SECONDS");
    private readonly Option<double?> _kv = Options.ZeroOrMore("--c-kv", "What a KV token of the decoding requests costs; --d1 by default.", "SECONDS");

    public FluidCostOptions() => _d0.Required = true;

    public void AddTo(Command command)
    {
        foreach (Option option in (Option[])[_d0, _d1, _prefill, _decode, _kv])
        {
            command.Options.Add(option);
        }
    }

    public FluidCost Read(ParseResult result)
    {
        double perKvToken = result.GetValue(_d1) ?? 0;
        return new FluidCost(result.GetValue(_d0)!.Value, result.GetValue(_prefill) ?? perKvToken, result.GetValue(_decode) ?? 0, result.GetValue(_kv) ?? perKvToken);
    }
}
