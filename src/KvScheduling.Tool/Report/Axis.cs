using System.Globalization;

namespace KvScheduling.Tool;

/// <summary>Maps figures to a stretch of pixels, with ticks at round figures.</summary>
internal sealed class Axis
{
    private const int MostTicks = 7;

    private readonly double _from;
    private readonly double _to;
    private readonly double _start;
    private readonly double _length;
    private readonly bool _isLogarithmic;

    /// <summary>An axis over the figures; a logarithmic one leaves out what is not above zero.</summary>
    public Axis(IEnumerable<double> figures, bool isLogarithmic, double? least, double? most, double start, double length)
    {
        double[] used = [.. figures.Where(value => double.IsFinite(value) && (!isLogarithmic || value > 0))];
        double from = least ?? (used.Length > 0 ? used.Min() : isLogarithmic ? 1 : 0);
        double to = most ?? (used.Length > 0 ? used.Max() : 1);
        if (!(to > from))
        {
            to = isLogarithmic ? from * 10 : from + 1;
        }

        _isLogarithmic = isLogarithmic;
        _from = isLogarithmic ? Math.Log10(from) : from;
        _to = isLogarithmic ? Math.Log10(to) : to;
        _start = start;
        _length = length;
    }

    /// <summary>Where a figure lies; figures outside lie on the border.</summary>
    public double At(double value)
    {
        double place = _isLogarithmic ? Math.Log10(Math.Max(value, double.Epsilon)) : value;
        return _start + (_length * Math.Clamp((place - _from) / (_to - _from), 0, 1));
    }

    public IEnumerable<(double Value, string Label)> Ticks() => _isLogarithmic ? LogarithmicTicks() : LinearTicks();

    private IEnumerable<(double Value, string Label)> LinearTicks()
    {
        double step = Math.Pow(10, Math.Floor(Math.Log10((_to - _from) / MostTicks)));
        foreach (double factor in (double[])[2, 5, 10])
        {
            if ((_to - _from) / step > MostTicks)
            {
                step = Math.Pow(10, Math.Floor(Math.Log10((_to - _from) / MostTicks))) * factor;
            }
        }

        // Counted in whole steps, so that no rounding adds up.
        long first = (long)Math.Ceiling((_from / step) - 1e-9);
        long last = (long)Math.Floor((_to / step) + 1e-9);
        for (long i = first; i <= last; i++)
        {
            yield return (i * step, Label(i * step));
        }
    }

    private IEnumerable<(double Value, string Label)> LogarithmicTicks()
    {
        int[] factors = _to - _from > 2.5 ? [1] : _to - _from > 1.2 ? [1, 3] : [1, 2, 3, 5, 7];
        for (int power = (int)Math.Floor(_from); power <= Math.Ceiling(_to); power++)
        {
            foreach (int factor in factors)
            {
                double value = factor * Math.Pow(10, power);
                if (Math.Log10(value) >= _from - 1e-9 && Math.Log10(value) <= _to + 1e-9)
                {
                    yield return (value, Label(value));
                }
            }
        }
    }

    private static string Label(double value)
    {
        double size = Math.Abs(value);
        return size >= 1e6 ? (value / 1e6).ToString("0.##", CultureInfo.InvariantCulture) + "M"
            : size >= 10_000 ? (value / 1000).ToString("0.##", CultureInfo.InvariantCulture) + "k"
            : value.ToString(size >= 1 || size == 0 ? "0.##" : "0.####", CultureInfo.InvariantCulture);
    }
}
