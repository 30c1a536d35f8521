namespace KvScheduling.Tool;

/// <summary>What thresholds of a paper-exact policy need, and whether there is as much.</summary>
/// <param name="Thresholds">By type or segment.</param>
/// <param name="KvTokens">The KV tokens that suffice: when every stage is full, with the safety buffer of Nested WAIT.</param>
/// <param name="Requests">The requests that run when every stage is full.</param>
/// <param name="IsMet">Whether both are within the caps, and a full iteration ends before as many have arrived.</param>
internal sealed record ThresholdNeed(IReadOnlyList<int> Thresholds, double KvTokens, long Requests, bool IsMet)
{
    /// <summary>For people.</summary>
    public override string ToString()
    {
        string needs = $"{string.Join(", ", Thresholds)} / {ResultTable.Rounded((long)KvTokens)} / {ResultTable.Rounded(Requests)}";
        return IsMet ? needs : $"({needs})";
    }
}
