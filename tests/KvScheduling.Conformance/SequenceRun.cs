namespace KvScheduling.Conformance;

/// <summary>One sequence in an engine that is driven by hand.</summary>
public sealed class SequenceRun
{
    internal SequenceRun(ConformanceCase test, int slot, ReadOnlySpan<int> output, int sharedTokens)
    {
        Case = test;
        Slot = slot;
        Output.AddRange(output);
        CachedTokens = sharedTokens;
    }

    /// <summary>What runs.</summary>
    public ConformanceCase Case { get; }

    /// <summary>Where it runs.</summary>
    public int Slot { get; }

    /// <summary>What came out, without the end token.</summary>
    public List<int> Output { get; } = [];

    /// <summary>Tokens whose KV the engine has.</summary>
    public int CachedTokens { get; internal set; }

    /// <summary>Whether the end token or the limit was reached.</summary>
    public bool IsDone { get; internal set; }

    /// <summary>Whether its slot was freed.</summary>
    public bool IsRemoved { get; internal set; }

    /// <summary>The event of its latest step said that there was no KV.</summary>
    public bool WasRefused { get; internal set; }

    /// <summary>Tokens to compute before the next one comes.</summary>
    public int PendingTokens => Case.Prompt.Length + Output.Count - CachedTokens;
}
