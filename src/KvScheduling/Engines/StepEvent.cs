namespace KvScheduling;

/// <summary>What a step did to one sequence.</summary>
/// <param name="Slot">The sequence.</param>
/// <param name="Computed">Tokens that entered the KV cache.</param>
/// <param name="Token">The sampled token, or <see cref="NoToken"/> while the prompt is not computed to its end.</param>
/// <param name="Status">Whether the sequence is well.</param>
public readonly record struct StepEvent(int Slot, int Computed, int Token, SequenceStatus Status = SequenceStatus.Ok)
{
    /// <summary>Stands for "no token was sampled".</summary>
    public const int NoToken = -1;
}

/// <summary>The state of one sequence after a step.</summary>
public enum SequenceStatus
{
    /// <summary>The sequence advanced.</summary>
    Ok,

    /// <summary>The engine had no KV for it; nothing was computed. The scheduler makes room and plans it again.</summary>
    OutOfCapacity,

    /// <summary>The sequence can't go on (its logits are not finite, its grammar is broken); others are well.</summary>
    Failed,
}
