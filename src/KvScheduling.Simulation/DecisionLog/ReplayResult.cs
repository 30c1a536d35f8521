namespace KvScheduling.Simulation;

/// <summary>What the replay of a decision log found.</summary>
public sealed record ReplayResult
{
    /// <summary>The policy that decided.</summary>
    public required string Policy { get; init; }

    /// <summary>Lines that were compared and are equal, the header included.</summary>
    public required long EqualLines { get; init; }

    /// <summary>The first line that differs; <see langword="null"/> when none does.</summary>
    public LineDifference? Difference { get; init; }

    /// <summary>Why the log could not be compared to its end although no line differs; <see langword="null"/> when it was.</summary>
    public string? Incomplete { get; init; }

    /// <summary>Whether the whole log was replayed and every byte is equal.</summary>
    public bool IsEqual => Difference is null && Incomplete is null;
}

/// <summary>A line of a log that a replay writes differently.</summary>
/// <param name="Line">Its number; the first line is 1.</param>
/// <param name="Logged">What the log has.</param>
/// <param name="Replayed">What the replay writes; <see langword="null"/> where the line can't be replayed because it was changed.</param>
/// <param name="Reason">What is different, in words.</param>
public sealed record LineDifference(long Line, string Logged, string? Replayed, string Reason);
