namespace KvScheduling;

/// <summary>A request that completed.</summary>
/// <param name="OutputTokens">The generated tokens, without the ending token.</param>
/// <param name="FinishReason">Why it ended.</param>
/// <param name="Report">When things happened to it.</param>
public sealed record GenerationResult(ReadOnlyMemory<int> OutputTokens, GenerationFinishReason FinishReason, SchedulingReport Report);
