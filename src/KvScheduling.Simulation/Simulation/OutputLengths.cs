using System.Globalization;

namespace KvScheduling.Simulation;

/// <summary>What the scheduler is told about output lengths before they are generated.</summary>
public readonly record struct OutputLengths
{
    private const string NoisyPrefix = "noisy:";

    private OutputLengths(OutputLengthKnowledge knowledge, double sigma)
    {
        Knowledge = knowledge;
        Sigma = sigma;
    }

    /// <summary>Every request brings its true output length.</summary>
    public static OutputLengths Known { get; } = new(OutputLengthKnowledge.Known, 0);

    /// <summary>Nothing: the scheduler estimates from the outputs that completed before.</summary>
    public static OutputLengths History { get; } = new(OutputLengthKnowledge.History, 0);

    /// <summary>The kind of knowledge.</summary>
    public OutputLengthKnowledge Knowledge { get; }

    /// <summary>The standard deviation of the logarithm of a noisy prediction; 0 otherwise.</summary>
    public double Sigma { get; }

    /// <summary>Every request brings a prediction: its true length times e^(σ·z), z from the standard normal distribution, drawn by (seed, place in the
    /// workload).</summary>
    /// <param name="sigma">σ, above 0.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="sigma"/> is not a finite number above 0.</exception>
    public static OutputLengths Noisy(double sigma) =>
        sigma > 0 && double.IsFinite(sigma)
            ? new(OutputLengthKnowledge.Noisy, sigma)
            : throw new ArgumentOutOfRangeException(nameof(sigma), sigma, "The noise of predicted output lengths must be a finite number above 0.");

    /// <summary>Reads <c>known</c>, <c>history</c> or <c>noisy:σ</c>.</summary>
    /// <param name="text">The text; case does not matter.</param>
    /// <exception cref="FormatException">It is none of them; the message says what it may be.</exception>
    public static OutputLengths Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.Equals("known", StringComparison.OrdinalIgnoreCase))
        {
            return Known;
        }

        if (text.Equals("history", StringComparison.OrdinalIgnoreCase))
        {
            return History;
        }

        return text.StartsWith(NoisyPrefix, StringComparison.OrdinalIgnoreCase)
            && double.TryParse(text.AsSpan(NoisyPrefix.Length), NumberStyles.Float, CultureInfo.InvariantCulture, out double sigma)
            && sigma > 0 && double.IsFinite(sigma)
            ? Noisy(sigma)
            : throw new FormatException($"'{text}' says nothing about output lengths. Give known, history, or noisy:σ with σ above 0, such as noisy:0.6.");
    }

    /// <summary>The form that <see cref="Parse"/> reads.</summary>
    public override string ToString() => Knowledge switch
    {
        OutputLengthKnowledge.Known => "known",
        OutputLengthKnowledge.History => "history",
        _ => string.Create(CultureInfo.InvariantCulture, $"{NoisyPrefix}{Sigma}"),
    };

    /// <summary>The length that the request brings as a hint, or null.</summary>
    internal int? Hint(int outputTokens, int limit, int seed, long index)
    {
        switch (Knowledge)
        {
            case OutputLengthKnowledge.Known:
                return Math.Min(outputTokens, limit);
            case OutputLengthKnowledge.History:
                return null;
            default:
                double noisy = outputTokens * Math.Exp(Sigma * IndexedRandom.StandardNormal(seed, index));
                return (int)Math.Clamp(Math.Round(noisy), 1, limit);
        }
    }
}

/// <summary>The kinds of knowledge about output lengths.</summary>
public enum OutputLengthKnowledge
{
    /// <summary>True lengths are known.</summary>
    Known,

    /// <summary>Only the lengths of completed outputs are known.</summary>
    History,

    /// <summary>Lengths are predicted with noise.</summary>
    Noisy,
}
