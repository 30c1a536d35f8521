namespace KvScheduling;

/// <summary>The built-in policies by name.</summary>
internal static class PolicyCatalog
{
    public static Func<PolicyContext, ISchedulingPolicy> Get(string name) => name switch
    {
        SchedulingPolicies.Fcfs => static _ => new FcfsPolicy(),
        SchedulingPolicies.ShortestOutputFirst => static _ => new ShortestOutputFirstPolicy(),
        SchedulingPolicies.SmallestPeakFirst => static _ => new SmallestPeakFirstPolicy(),
        SchedulingPolicies.SmallestVolumeFirst or SchedulingPolicies.SortedF => static _ => new SmallestVolumeFirstPolicy(),
        _ => throw new InvalidOperationException($"There is no policy '{name}'. Known: fcfs, shortest-output, smallest-peak, svf, sorted-f."),
    };
}
