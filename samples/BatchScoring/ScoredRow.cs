namespace KvScheduling.Samples.BatchScoring;

/// <summary>A row with its completion.</summary>
/// <param name="Index">Its place in the input, from 0.</param>
/// <param name="Row">The row.</param>
/// <param name="Completion">What the model wrote; <see langword="null"/> when it failed.</param>
/// <param name="Error">Why it failed.</param>
internal sealed record ScoredRow<TRow>(int Index, TRow Row, string? Completion, Exception? Error);
