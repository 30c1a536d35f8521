namespace KvScheduling.Baselines;

/// <summary>Policies for backlogs whose output lengths are known by intervals only. Source: arXiv 2508.14544; details where only summaries were at hand are ours.</summary>
/// <remarks>The lower end of a request's interval is the length that its caller expects (<see cref="SchedulableRequest.HintedOutputTokens"/>), the upper end its limit
/// (<see cref="SchedulableRequest.MaxOutputTokens"/>). They are made for unit rounds in which everybody who runs advances, with evicted requests that begin again.</remarks>
public static class IntervalPolicies
{
    /// <summary>A_max: plans with the upper end, shortest first, and never evicts.</summary>
    public const string AMax = "a-max";

    /// <summary>A_min: plans with the lower end, refines it while a request runs, and evicts the least estimate when the budget is full.</summary>
    public const string AMin = "a-min";

    /// <summary>What makes each policy, by name; case does not matter.</summary>
    public static IReadOnlyDictionary<string, Func<PolicyContext, ISchedulingPolicy>> All { get; } =
        new Dictionary<string, Func<PolicyContext, ISchedulingPolicy>>(StringComparer.OrdinalIgnoreCase)
        {
            [AMax] = static _ => new UpperEndPolicy(),
            [AMin] = static _ => new LowerEndPolicy(),
        };

    /// <summary>The names of all of them.</summary>
    public static IReadOnlyList<string> Names { get; } = [AMax, AMin];
}
