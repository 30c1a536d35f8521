using System.Globalization;

namespace KvScheduling.Simulation;

/// <summary>When requests arrive.</summary>
public abstract class ArrivalProcess
{
    private protected ArrivalProcess()
    {
    }

    /// <summary>All requests are there at the beginning.</summary>
    public static ArrivalProcess AtOnce { get; } = new AtOnceArrivals();

    /// <summary>A Poisson process: gaps from the exponential distribution.</summary>
    /// <param name="rate">Requests per second, above 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">The rate is not above 0.</exception>
    public static ArrivalProcess Poisson(double rate) => Gamma(rate, 1);

    /// <summary>Gaps from a gamma distribution: bursts when their coefficient of variation is above 1, more regular than Poisson below.</summary>
    /// <param name="rate">Requests per second, above 0.</param>
    /// <param name="variation">The coefficient of variation of the gaps, above 0; 1 is a Poisson process.</param>
    /// <exception cref="ArgumentOutOfRangeException">A parameter is not above 0.</exception>
    public static ArrivalProcess Gamma(double rate, double variation)
    {
        CheckAboveZero(rate, nameof(rate));
        CheckAboveZero(variation, nameof(variation));
        return new GammaArrivals(rate, variation);
    }

    /// <summary>A Poisson process whose rate rises and falls like the tide: rate · (1 + amplitude · sin(2πt / period)). Where the high tide is above what can be
    /// served, a backlog gathers and drains at low tide.</summary>
    /// <param name="rate">The mean rate in requests per second, above 0.</param>
    /// <param name="amplitude">From 0 to 1.</param>
    /// <param name="period">Above zero.</param>
    /// <exception cref="ArgumentOutOfRangeException">A parameter is out of its range.</exception>
    public static ArrivalProcess Tidal(double rate, double amplitude, TimeSpan period)
    {
        CheckAboveZero(rate, nameof(rate));
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(period, TimeSpan.Zero);
        return amplitude is >= 0 and <= 1
            ? new TidalArrivals(rate, amplitude, period.TotalSeconds)
            : throw new ArgumentOutOfRangeException(nameof(amplitude), amplitude, "The amplitude of a tide must be from 0 to 1.");
    }

    /// <summary>Reads <c>poisson</c>, <c>gamma:variation</c> or <c>tidal:amplitude,period-seconds</c>.</summary>
    /// <param name="text">The text.</param>
    /// <param name="rate">The mean rate in requests per second.</param>
    /// <exception cref="FormatException">It is none of them; the message says what it may be.</exception>
    public static ArrivalProcess Parse(string text, double rate)
    {
        ArgumentNullException.ThrowIfNull(text);
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        string kind = colon < 0 ? text : text[..colon];
        double[]? numbers = Numbers(colon < 0 ? string.Empty : text[(colon + 1)..]);
        return (kind.ToUpperInvariant(), numbers) switch
        {
            ("POISSON", []) => Poisson(rate),
            ("GAMMA", [> 0 and double variation]) => Gamma(rate, variation),
            ("TIDAL", [>= 0 and <= 1 and double amplitude, > 0 and double period]) => Tidal(rate, amplitude, TimeSpan.FromSeconds(period)),
            _ => throw new FormatException($"'{text}' is no arrival process. Give poisson, gamma:VARIATION (above 0, such as gamma:3) or tidal:AMPLITUDE,PERIOD "
                + "(amplitude from 0 to 1, period in seconds, such as tidal:0.8,600)."),
        };
    }

    internal abstract IEnumerable<TimeSpan> Times(Random random);

    private static double[]? Numbers(string text)
    {
        string[] parts = text.Split(',', StringSplitOptions.RemoveEmptyEntries);
        double[] numbers = new double[parts.Length];
        for (int i = 0; i < parts.Length; i++)
        {
            if (!double.TryParse(parts[i], NumberStyles.Float, CultureInfo.InvariantCulture, out numbers[i]) || !double.IsFinite(numbers[i]))
            {
                return null;
            }
        }

        return numbers;
    }

    private static void CheckAboveZero(double value, string name)
    {
        if (!(value > 0 && double.IsFinite(value)))
        {
            throw new ArgumentOutOfRangeException(name, value, "It must be a finite number above 0.");
        }
    }

    private static TimeSpan Seconds(double seconds) => new((long)Math.Round(seconds * TimeSpan.TicksPerSecond));

    private sealed class AtOnceArrivals : ArrivalProcess
    {
        internal override IEnumerable<TimeSpan> Times(Random random)
        {
            while (true)
            {
                yield return TimeSpan.Zero;
            }
        }
    }

    private sealed class GammaArrivals(double rate, double variation) : ArrivalProcess
    {
        internal override IEnumerable<TimeSpan> Times(Random random)
        {
            double shape = 1 / (variation * variation);
            for (double time = 0; ;)
            {
                time += variation == 1 ? Variates.Exponential(random) / rate : Variates.Gamma(random, shape) / (shape * rate);
                yield return Seconds(time);
            }
        }
    }

    private sealed class TidalArrivals(double rate, double amplitude, double period) : ArrivalProcess
    {
        /// <summary>By thinning a Poisson process of the highest rate.</summary>
        internal override IEnumerable<TimeSpan> Times(Random random)
        {
            double highest = rate * (1 + amplitude);
            for (double time = 0; ;)
            {
                time += Variates.Exponential(random) / highest;
                if (random.NextDouble() * highest <= rate * (1 + (amplitude * Math.Sin(2 * Math.PI * time / period))))
                {
                    yield return Seconds(time);
                }
            }
        }
    }
}
