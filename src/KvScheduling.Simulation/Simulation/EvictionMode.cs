namespace KvScheduling.Simulation;

/// <summary>What an evicted request loses beside its place in the KV cache.</summary>
public enum EvictionMode
{
    /// <summary>Nothing: it keeps the tokens it generated, which are computed again together with its prompt.</summary>
    Recompute,

    /// <summary>Everything: it begins again as it came (arXiv 2504.11320, section 1). Its first token counts from when it is generated for the last time.</summary>
    Restart,
}
