namespace KvScheduling;

/// <summary>Settings of <see cref="SchedulingPolicies.NestedWait"/> beside those of <see cref="WaitOptions"/>. Source: arXiv 2504.11320.</summary>
public sealed class NestedWaitOptions
{
    /// <summary>Whether steps are planned exactly as in the paper, with <see cref="Segments"/>. For studies; needs an engine that can hold sequences.</summary>
    /// <value>The default value is <see langword="false"/>: only admissions are gated, and segments are learned.</value>
    public bool PaperExact { get; set; }

    /// <summary>With <see cref="PaperExact"/>: whether a segment runs only when all earlier ones do, as the paper has it, instead of each by its own threshold.</summary>
    /// <value>The default value is <see langword="false"/>.</value>
    public bool StrictPrefix { get; set; }

    /// <summary>The segments of <see cref="PaperExact"/>, shortest outputs first. Longer outputs belong to the last one.</summary>
    /// <value>Empty by default.</value>
    public IList<NestedSegmentOptions> Segments { get; init; } = [];

    /// <summary>How many segments are learned.</summary>
    /// <value>From 1 to 8. The default value is 3.</value>
    public int SegmentCount { get; set; } = 3;

    /// <summary>T: over which time the buffer for requests that go on longer than expected must suffice.</summary>
    /// <value>Above zero. The default value is 1 hour.</value>
    public TimeSpan Horizon { get; set; } = TimeSpan.FromHours(1);

    /// <summary>δ: how likely it may fail to in that time.</summary>
    /// <value>Above 0 and below 1. The default value is 0.001.</value>
    public double FailureProbability { get; set; } = 0.001;
}

/// <summary>A segment of outputs and its threshold.</summary>
public sealed class NestedSegmentOptions
{
    /// <summary>A request leaves the segment when it has generated this many tokens.</summary>
    /// <value>At least 1; more than the segment before.</value>
    public int EndTokens { get; set; }

    /// <summary>n: how many must stand before the segment before it runs, and how many of each stage it takes.</summary>
    /// <value>At least 1.</value>
    public int Threshold { get; set; } = 1;
}
