namespace KvScheduling.Samples.BatchScoring;

/// <summary>How a table is scored.</summary>
/// <typeparam name="TRow">A row.</typeparam>
internal sealed record ScoringOptions<TRow>
{
    /// <summary>The column that is asked.</summary>
    public required Func<TRow, string> Prompt { get; init; }

    /// <summary>The most tokens a row's completion may have; what the scheduler plans with until it has seen some completions.</summary>
    public Func<TRow, int?> MaxOutputTokens { get; init; } = static _ => null;

    /// <summary>Whether completions come in the order of the rows instead of as they finish.</summary>
    public bool InInputOrder { get; init; }

    /// <summary>In input order: how many rows may be under way or finished behind the oldest that is not. Bounds memory.</summary>
    public int Window { get; init; } = 256;
}
