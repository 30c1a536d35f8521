namespace KvScheduling;

/// <summary>
/// What a simulated model says: every token is a pure function of prompt, seed and position, so batched, solo and resumed outputs can only be equal or wrong.
/// </summary>
internal static class SimulatedLanguage
{
    private const int SentenceWords = 9;
    private const ulong LengthSalt = 0x6C656E677468;

    /// <summary>The key of an output. A greedy output does not depend on the request's seed.</summary>
    public static ulong Key(ReadOnlySpan<int> prompt, long modelSeed, SamplingSettings sampling)
    {
        ulong hash = StableHash.Mix((ulong)modelSeed, (ulong)prompt.Length);
        foreach (int token in prompt)
        {
            hash = StableHash.Mix(hash, (ulong)token);
        }

        return sampling.IsGreedy ? hash : StableHash.Mix(hash, (ulong)(sampling.Seed ?? 0) ^ 0x5EED);
    }

    /// <summary>How many tokens come before the end token: evenly spread over typical · (1 ± spread).</summary>
    public static int OutputLength(ulong key, int typical, double spread)
    {
        double share = 1 - spread + (2 * spread * StableHash.Unit(StableHash.Mix(key, LengthSalt)));
        return Math.Max(1, (int)Math.Round(typical * share));
    }

    /// <summary>The token at a position of an output that ends after <paramref name="outputLength"/> tokens. Past the end it goes on with words.</summary>
    public static int TokenAt(ulong key, int position, int outputLength)
    {
        if (position == outputLength)
        {
            return SimulatedVocabulary.TurnEnd;
        }

        int word = (int)(StableHash.Mix(key, (ulong)position) % (uint)SimulatedVocabulary.WordCount);
        WordForm form = position == 0 ? WordForm.First
            : position == outputLength - 1 || position % SentenceWords == SentenceWords - 1 ? WordForm.Last
            : position % SentenceWords == 0 ? WordForm.Capital
            : WordForm.Plain;
        return SimulatedVocabulary.WordToken(word, form);
    }
}
