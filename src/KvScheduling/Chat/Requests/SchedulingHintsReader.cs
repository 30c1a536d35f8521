using Microsoft.Extensions.AI;

namespace KvScheduling;

/// <summary>Reads scheduling hints from chat options: the object that WithScheduling stored, and the scalars that replace its members.</summary>
internal static class SchedulingHintsReader
{
    /// <summary>The members of <paramref name="explicitHints"/> that are set, else what the properties say.</summary>
    /// <exception cref="ArgumentException">A property of ours is malformed; the exception names its key.</exception>
    public static SchedulingHints Read(AdditionalPropertiesDictionary? properties, SchedulingHints explicitHints)
    {
        if (properties is null)
        {
            return explicitHints;
        }

        SchedulingHints stored = ReadStored(properties);
        double? deadline = ScalarProperties.ReadNumber(properties, ChatPropertyNames.DeadlineMilliseconds);
        if (deadline is <= 0 || deadline > TimeSpan.MaxValue.TotalMilliseconds / 2)
        {
            throw ScalarProperties.Wrong(ChatPropertyNames.DeadlineMilliseconds, "must be above zero milliseconds and be a possible time");
        }

        int priority = ScalarProperties.ReadInt32(properties, ChatPropertyNames.Priority) ?? stored.Priority;
        string? tenant = ScalarProperties.ReadText(properties, ChatPropertyNames.Tenant) ?? stored.Tenant;
        int? expected = ScalarProperties.ReadInt32(properties, ChatPropertyNames.ExpectedOutputTokens, minimum: 1) ?? stored.ExpectedOutputTokens;
        PrefixScope? scope = ScalarProperties.ReadEnum<PrefixScope>(properties, ChatPropertyNames.PrefixScope) ?? stored.PrefixScope;
        return new SchedulingHints
        {
            Priority = explicitHints.Priority != 0 ? explicitHints.Priority : priority,
            Tenant = explicitHints.Tenant ?? tenant,
            Deadline = explicitHints.Deadline ?? (deadline is null ? stored.Deadline : TimeSpan.FromMilliseconds(deadline.Value)),
            ExpectedOutputTokens = explicitHints.ExpectedOutputTokens ?? expected,
            PrefixScope = explicitHints.PrefixScope ?? scope,
        };
    }

    private static SchedulingHints ReadStored(AdditionalPropertiesDictionary properties)
    {
        if (!properties.TryGetValue(ChatPropertyNames.Hints, out object? stored) || stored is null)
        {
            return SchedulingHints.None;
        }

        return stored as SchedulingHints
            ?? throw ScalarProperties.Wrong(
                ChatPropertyNames.Hints, $"must be a {nameof(SchedulingHints)}, as {nameof(KvSchedulingChatOptionsExtensions.WithScheduling)} stores it");
    }
}
