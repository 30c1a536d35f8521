namespace KvScheduling;

/// <summary>What a request computes over its life, or requests of a kind on average: one prefill (stage 0), then a decode per stage.</summary>
/// <param name="PrefillTokens">l: prompt tokens.</param>
/// <param name="DecodeTokens">l': decodes. An engine whose prefill samples the first output token decodes once less than it outputs.</param>
/// <param name="DecodeKvTokens">Σ over the decodes s = 1..l' of l + s: KV tokens, added up over the decodes.</param>
public readonly record struct FluidWork(double PrefillTokens, double DecodeTokens, double DecodeKvTokens)
{
    /// <summary>A: KV tokens added up over all stages of the life, the prefill included: (l' + 1)(l + l'/2).</summary>
    public double KvTokens => PrefillTokens + DecodeKvTokens;

    /// <summary>The work of a request of known lengths.</summary>
    /// <param name="promptTokens">l; 1 or more.</param>
    /// <param name="decodeTokens">l'; 0 or more.</param>
    /// <returns>Its work.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A length is out of its range.</exception>
    public static FluidWork Of(int promptTokens, int decodeTokens)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(promptTokens, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(decodeTokens);
        double decodes = decodeTokens;
        return new FluidWork(promptTokens, decodes, decodes * (promptTokens + ((decodes + 1) / 2)));
    }
}
