namespace KvScheduling.Simulation;

/// <summary>One step of an engine, as it was measured.</summary>
/// <param name="PrefillTokens">Prompt tokens computed, over all chunks; 0 or more.</param>
/// <param name="DecodeRows">Sequences that generated a token each; 0 or more.</param>
/// <param name="KvTokens">KV tokens that those held before the step; 0 or more.</param>
/// <param name="Milliseconds">How long the step took; 0 or more.</param>
public readonly record struct StepTime(int PrefillTokens, int DecodeRows, long KvTokens, double Milliseconds);
