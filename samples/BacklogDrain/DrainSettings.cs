namespace KvScheduling.Samples.BacklogDrain;

/// <summary>What the command line asks for.</summary>
internal sealed record DrainSettings
{
    public required string Input { get; init; }

    public required string Column { get; init; }

    /// <summary>The column with the output lengths that the author of the file expects; used when it is there.</summary>
    public required string ExpectedColumn { get; init; }

    public bool IgnoreExpected { get; init; }

    public string? Output { get; init; }

    /// <summary>The policies to time, the first one's completions being written.</summary>
    public required IReadOnlyList<string> Policies { get; init; }

    public required string Engine { get; init; }

    public string? Model { get; init; }

    public required long KvTokens { get; init; }

    public required int MaxOutputTokens { get; init; }
}
