namespace KvScheduling;

/// <summary>What a caller may tell the scheduler about one request.</summary>
public sealed record SchedulingHints
{
    /// <summary>No hints.</summary>
    public static SchedulingHints None { get; } = new();

    /// <summary>Higher runs first; requests that waited longer than <see cref="KvSchedulingOptions.PromoteAfter"/> pass every priority.</summary>
    /// <value>The default value is 0.</value>
    public int Priority { get; init; }

    /// <summary>Who the request is for. Prefix reuse in <see cref="KvScheduling.PrefixScope.Tenant"/> scope never crosses tenants.</summary>
    public string? Tenant { get; init; }

    /// <summary>How long after submission the answer is still of use. A request that can't be complete by then is refused, at the door or while it waits; one that runs is not cut off.</summary>
    /// <value>Above zero. The default value is <see langword="null"/>: no deadline.</value>
    public TimeSpan? Deadline { get; init; }

    /// <summary>The output length the caller expects, in tokens; replaces the estimate from history.</summary>
    /// <value>At least 1. The default value is <see langword="null"/>.</value>
    public int? ExpectedOutputTokens { get; init; }

    /// <summary>With whom the KV of this request's prompt may be shared.</summary>
    /// <value>The default value is <see langword="null"/>: <see cref="KvSchedulingOptions.PrefixScope"/>.</value>
    public PrefixScope? PrefixScope { get; init; }
}
