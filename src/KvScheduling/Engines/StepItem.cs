namespace KvScheduling;

/// <summary>One sequence's share of a step.</summary>
/// <param name="Slot">The sequence.</param>
/// <param name="Tokens">How many of its tokens that are not yet in the KV cache to compute: 1 when decoding, a chunk while prefilling.</param>
public readonly record struct StepItem(int Slot, int Tokens);
