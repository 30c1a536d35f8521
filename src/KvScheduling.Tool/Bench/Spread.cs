namespace KvScheduling.Tool;

/// <summary>A figure over several seeds.</summary>
internal sealed class Spread
{
    private readonly List<double> _values = [];

    public double Mean => _values.Average();

    public double Max => _values.Max();

    public double Min => _values.Min();

    /// <summary>The standard deviation of the sample; 0 for one value.</summary>
    public double Deviation
    {
        get
        {
            double mean = Mean;
            return _values.Count < 2 ? 0 : Math.Sqrt(_values.Sum(value => (value - mean) * (value - mean)) / (_values.Count - 1));
        }
    }

    public void Add(double value) => _values.Add(value);

    /// <summary>For people: mean ± deviation.</summary>
    public override string ToString() => FormattableString.Invariant($"{Mean:0.000} ± {Deviation:0.000}");
}
