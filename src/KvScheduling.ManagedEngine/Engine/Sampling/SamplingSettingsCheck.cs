namespace KvScheduling.ManagedEngine;

/// <summary>Whether sampling settings are in range.</summary>
internal static class SamplingSettingsCheck
{
    /// <exception cref="ArgumentOutOfRangeException">A setting is out of range; the message names it.</exception>
    /// <exception cref="ArgumentException">Sampling without a seed.</exception>
    public static void Validate(SamplingSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        Require(settings.Temperature is >= 0 and <= 100, nameof(settings.Temperature), settings.Temperature, "from 0 to 100");
        Require(settings.TopP is > 0 and <= 1, nameof(settings.TopP), settings.TopP, "above 0 and at most 1");
        Require(settings.TopK >= 0, nameof(settings.TopK), settings.TopK, "0 or more");
        Require(settings.FrequencyPenalty is >= -2 and <= 2, nameof(settings.FrequencyPenalty), settings.FrequencyPenalty, "from -2 to 2");
        Require(settings.PresencePenalty is >= -2 and <= 2, nameof(settings.PresencePenalty), settings.PresencePenalty, "from -2 to 2");
        if (!settings.IsGreedy && settings.Seed is null)
        {
            throw new ArgumentException($"{nameof(SamplingSettings)}.{nameof(settings.Seed)} is not set; the caller draws one for requests that bring none.", nameof(settings));
        }
    }

    private static void Require(bool condition, string name, object value, string range)
    {
        if (!condition)
        {
            throw new ArgumentOutOfRangeException(nameof(SamplingSettings) + "." + name, value, $"Must be {range}.");
        }
    }
}
