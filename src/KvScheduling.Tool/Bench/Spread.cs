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

    /// <summary>Half the width of the 95 % confidence interval of the mean, by Student's t; not a number for one value.</summary>
    public double HalfWidth => _values.Count < 2 ? double.NaN : StudentT.Critical(0.95, _values.Count - 1) * Deviation / Math.Sqrt(_values.Count);

    public void Add(double value) => _values.Add(value);

    /// <summary>For people: mean ± deviation.</summary>
    public override string ToString() => FormattableString.Invariant($"{Mean:0.000} ± {Deviation:0.000}");
}
