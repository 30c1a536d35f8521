namespace KvScheduling.Conformance;

/// <summary>A prompt for a model.</summary>
/// <param name="Name">Its name in failures.</param>
/// <param name="Prompt">The prompt's tokens.</param>
/// <param name="MaxOutputTokens">The output limit; above the length of the expected output, so that the end token is seen.</param>
/// <param name="ExpectedOutput">The greedy output without the end token, or <see langword="null"/> when only its own solo run tells.</param>
public sealed record ConformanceCase(string Name, int[] Prompt, int MaxOutputTokens, int[]? ExpectedOutput = null)
{
    /// <summary>How the output is sampled.</summary>
    public SamplingSettings Sampling { get; init; } = SamplingSettings.Greedy;

    /// <inheritdoc/>
    public override string ToString() => Name;
}
