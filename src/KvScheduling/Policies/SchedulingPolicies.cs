namespace KvScheduling;

/// <summary>The names of the built-in policies.</summary>
public static class SchedulingPolicies
{
    /// <summary>First come, first served.</summary>
    public const string Fcfs = "fcfs";

    /// <summary>Least estimated output first (MC-SF).</summary>
    public const string ShortestOutputFirst = "shortest-output";

    /// <summary>Least prompt + estimated output first.</summary>
    public const string SmallestPeakFirst = "smallest-peak";

    /// <summary>Least volume s·o + o(o+1)/2 first (SVF).</summary>
    public const string SmallestVolumeFirst = "svf";

    /// <summary>Batches of least Σ output / |batch|² (Sorted-F).</summary>
    public const string SortedF = "sorted-f";

    /// <summary>Sorted-F with every batch selected exactly, by dynamic programming: a reference for backlogs of up to 256 requests. Greedy above, and where a batch would take more than four million states.</summary>
    public const string SortedFExact = "sorted-f-exact";

    /// <summary>Sorted-F with every batch selected by greedy scans of the whole line: a reference.</summary>
    public const string SortedFGreedy = "sorted-f-greedy";

    /// <summary>Sorted-F with every batch selected by greedy scans without the largest requests too (quantile greedy): a reference.</summary>
    public const string SortedFQuantile = "sorted-f-quantile";

    /// <summary>Sorted-F with every greedy batch improved by local swaps: a reference.</summary>
    public const string SortedFSwap = "sorted-f-swap";

    /// <summary>Earliest deadline first (<see cref="SchedulingHints.Deadline"/>), then those without one by arrival.</summary>
    public const string EarliestDeadline = "earliest-deadline";

    /// <summary>Sorted-F for what came at once, first come, first served under a stream, in cohorts where the measured cost of steps says that they pay.</summary>
    public const string Adaptive = "adaptive";

    /// <summary>First come, first served, in cohorts by type: WAIT. See <see cref="WaitOptions"/>.</summary>
    public const string Wait = "wait";

    /// <summary>First come, first served, in cohorts, with room kept for long outputs: Nested WAIT. See <see cref="NestedWaitOptions"/>.</summary>
    public const string NestedWait = "nested-wait";
}
