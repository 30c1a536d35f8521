using KvScheduling.Simulation;

namespace KvScheduling.Tool;

/// <summary>What a policy made of a stream at one load, and relative to a baseline at the same load.</summary>
internal sealed class StreamFigures
{
    private readonly SimulationResult _result;
    private readonly SimulationResult _baseline;

    private StreamFigures(OutputLengths lengths, double load, PolicyResult policy, SimulationResult baseline)
    {
        Lengths = lengths;
        Load = load;
        Policy = policy.Label;
        _result = policy.Result;
        _baseline = baseline;
    }

    public OutputLengths Lengths { get; }

    public double Load { get; }

    public string Policy { get; }

    public double Mean => _result.Latency.Mean.TotalSeconds;

    public double Median => _result.Latency.Quantile(0.5).TotalSeconds;

    public double Tail => _result.Latency.Quantile(0.99).TotalSeconds;

    public double Max => _result.Latency.Max.TotalSeconds;

    public long Evictions => _result.Evictions;

    public double Recomputed => _result.RecomputedShare;

    public double OfMean => Mean / _baseline.Latency.Mean.TotalSeconds;

    public double OfMedian => Median / _baseline.Latency.Quantile(0.5).TotalSeconds;

    public double OfTail => Tail / _baseline.Latency.Quantile(0.99).TotalSeconds;

    /// <summary>Null where the baseline evicts nobody.</summary>
    public double? OfEvictions => _baseline.Evictions > 0 ? (double)Evictions / _baseline.Evictions : null;

    /// <summary>All policies at all loads; the first policy of each is the baseline.</summary>
    public static IEnumerable<StreamFigures> Of(OutputLengths lengths, IReadOnlyList<LoadResults> loads) =>
        loads.SelectMany(load => load.Policies.Select(policy => new StreamFigures(lengths, Math.Round(load.Load, 4), policy, load.Policies[0].Result)));

    /// <summary>For people: mean / p99 / evictions, the first two relative unless this is the baseline.</summary>
    public override string ToString() => _result == _baseline
        ? $"{ResultTable.Rounded(Mean)} / {ResultTable.Rounded(Tail)} / {ResultTable.Rounded(Evictions)}"
        : FormattableString.Invariant($"{OfMean:0.000} / {OfTail:0.000} / {ResultTable.Rounded(Evictions)}");
}
