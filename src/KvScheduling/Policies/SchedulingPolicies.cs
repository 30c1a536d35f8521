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
}
