namespace KvScheduling.Tool;

/// <summary>What a policy made of a backlog, over all seeds.</summary>
/// <param name="Case">The backlog.</param>
/// <param name="Policy">The policy as it was asked for.</param>
internal sealed record BacklogFigures(BacklogCase Case, string Policy)
{
    /// <summary>Mean latency in rounds.</summary>
    public Spread Mean { get; } = new();

    /// <summary>99th percentile of the latencies in rounds.</summary>
    public Spread Tail { get; } = new();

    /// <summary>Total latency / max(volume bound, sum of outputs).</summary>
    public Spread OfBound { get; } = new();

    /// <summary>Total latency / that of first come first served.</summary>
    public Spread OfFcfs { get; } = new();

    /// <summary>Total latency / that of shortest output first.</summary>
    public Spread OfShortestOutput { get; } = new();
}
