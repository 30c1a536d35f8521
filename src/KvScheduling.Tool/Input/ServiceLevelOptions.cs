using System.CommandLine;
using KvScheduling.Simulation;

namespace KvScheduling.Tool;

/// <summary>The options that say what requests are promised.</summary>
internal sealed class ServiceLevelOptions
{
    private readonly Option<double?> _ttft = Options.AboveZero("--slo-ttft", "The limit on the time to the first token.", "SECONDS");
    private readonly Option<double?> _tpot = Options.AboveZero("--slo-tpot", "The limit on the time per output token behind the first.", "SECONDS");
    private readonly Option<double?> _latency = Options.AboveZero("--slo-latency", "The limit on the time from arrival to completion.", "SECONDS");

    public void AddTo(Command command)
    {
        foreach (Option option in (Option[])[_ttft, _tpot, _latency])
        {
            command.Options.Add(option);
        }
    }

    /// <summary>The limits given; null where there are none.</summary>
    public ServiceLevel? Read(ParseResult result)
    {
        TimeSpan? ttft = Seconds(result.GetValue(_ttft));
        TimeSpan? tpot = Seconds(result.GetValue(_tpot));
        TimeSpan? latency = Seconds(result.GetValue(_latency));
        return ttft is null && tpot is null && latency is null ? null : new ServiceLevel(ttft, tpot, latency);

        static TimeSpan? Seconds(double? value) => value is double seconds ? TimeSpan.FromSeconds(seconds) : null;
    }
}
