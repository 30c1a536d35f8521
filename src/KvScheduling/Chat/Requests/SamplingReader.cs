using System.Globalization;
using Microsoft.Extensions.AI;

namespace KvScheduling;

/// <summary>Turns the sampling members of chat options into settings.</summary>
internal static class SamplingReader
{
    /// <summary>Without a temperature decoding is greedy, unless TopP, TopK or a seed ask for sampling: then the temperature is 1.</summary>
    /// <exception cref="ArgumentException">A member is out of its range.</exception>
    public static SamplingSettings Read(ChatOptions options)
    {
        bool samples = options.TopP is not null || options.TopK is > 0 || options.Seed is not null;
        if (options.TopK is < 0)
        {
            throw OutOfRange(nameof(ChatOptions.TopK), options.TopK, "0 (off) or more");
        }

        float topP = options.TopP ?? 1;
        if (!(topP > 0 && topP <= 1))
        {
            throw OutOfRange(nameof(ChatOptions.TopP), topP, "above 0 and at most 1");
        }

        SamplingSettings settings = new()
        {
            Temperature = InRange(nameof(ChatOptions.Temperature), options.Temperature ?? (samples ? 1 : 0), 0, 100),
            TopP = topP,
            TopK = options.TopK ?? 0,
            Seed = options.Seed,
            FrequencyPenalty = InRange(nameof(ChatOptions.FrequencyPenalty), options.FrequencyPenalty ?? 0, -2, 2),
            PresencePenalty = InRange(nameof(ChatOptions.PresencePenalty), options.PresencePenalty ?? 0, -2, 2),
        };
        return settings == SamplingSettings.Greedy ? SamplingSettings.Greedy : settings;
    }

    private static float InRange(string name, float value, float min, float max) =>
        value >= min && value <= max ? value : throw OutOfRange(name, value, $"from {min} to {max}");

    private static ArgumentException OutOfRange(string name, object value, string range) =>
        new(string.Create(CultureInfo.InvariantCulture, $"ChatOptions.{name} is {value}; it must be {range}."), name);
}
