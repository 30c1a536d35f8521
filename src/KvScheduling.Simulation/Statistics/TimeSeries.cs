namespace KvScheduling.Simulation;

/// <summary>A quantity over time in at most 1,024 intervals of equal length: its time-weighted mean and its maximum in each.</summary>
/// <remarks>When time outgrows the intervals they are merged in pairs, so that memory stays the same however long a run is.</remarks>
public sealed class TimeSeries
{
    private const int Intervals = 1024;

    private readonly double[] _areas = new double[Intervals];
    private readonly double[] _maxima = new double[Intervals];
    private long _width = 1;
    private double _area;

    /// <summary>The time covered so far.</summary>
    public TimeSpan Duration { get; private set; }

    /// <summary>The length of an interval.</summary>
    public TimeSpan Interval => new(_width);

    /// <summary>The time-weighted mean over all time; 0 before any time has passed.</summary>
    public double Mean => Duration > TimeSpan.Zero ? _area / Duration.Ticks : 0;

    /// <summary>The maximum over all time; 0 before any time has passed.</summary>
    public double Max { get; private set; }

    /// <summary>How many intervals there are.</summary>
    public int Count => (int)((Duration.Ticks + _width - 1) / _width);

    /// <summary>The quantity from the end of what is known to a later time.</summary>
    /// <param name="value">The quantity.</param>
    /// <param name="until">When it ends; earlier than what is known says nothing.</param>
    public void Extend(double value, TimeSpan until)
    {
        long from = Duration.Ticks;
        long to = until.Ticks;
        if (to <= from)
        {
            return;
        }

        while ((to - 1) / _width >= Intervals)
        {
            Merge();
        }

        _area += value * (to - from);
        Max = Math.Max(Max, value);
        Duration = until;
        while (from < to)
        {
            int index = (int)(from / _width);
            long end = Math.Min(to, (index + 1) * _width);
            _areas[index] += value * (end - from);
            _maxima[index] = Math.Max(_maxima[index], value);
            from = end;
        }
    }

    /// <summary>The time-weighted mean in an interval.</summary>
    /// <param name="index">From 0 to <see cref="Count"/> - 1.</param>
    public double MeanAt(int index) => _areas[index] / (Math.Min(Duration.Ticks, (index + 1) * _width) - (index * _width));

    /// <summary>The maximum in an interval.</summary>
    /// <param name="index">From 0 to <see cref="Count"/> - 1.</param>
    public double MaxAt(int index) => _maxima[index];

    private void Merge()
    {
        for (int i = 0; i < Intervals / 2; i++)
        {
            _areas[i] = _areas[2 * i] + _areas[(2 * i) + 1];
            _maxima[i] = Math.Max(_maxima[2 * i], _maxima[(2 * i) + 1]);
        }

        Array.Clear(_areas, Intervals / 2, Intervals / 2);
        Array.Clear(_maxima, Intervals / 2, Intervals / 2);
        _width *= 2;
    }
}
