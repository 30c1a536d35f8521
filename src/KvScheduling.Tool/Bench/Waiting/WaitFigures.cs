namespace KvScheduling.Tool;

/// <summary>What a policy made of a workload at one rate, over all seeds.</summary>
internal sealed class WaitFigures
{
    /// <summary>At a rate of the stable range so many of the runs keep up.</summary>
    private const double MostlyKeepsUp = 0.9;

    /// <param name="workload">What arrives.</param>
    /// <param name="rate">Arrivals per second.</param>
    /// <param name="contender">The policy.</param>
    /// <param name="runs">Its runs, by seed.</param>
    /// <param name="baseline">Those of the policy that it is compared with, by seed: the same requests.</param>
    public WaitFigures(WaitWorkload workload, double rate, WaitContender contender, IReadOnlyList<WaitRun> runs, IReadOnlyList<WaitRun> baseline)
    {
        (Workload, Rate, Contender) = (workload, rate, contender);
        KeptUp = runs.Count(static run => run.KeepsUp);
        IsStable = KeptUp >= MostlyKeepsUp * runs.Count;
        for (int i = 0; i < runs.Count; i++)
        {
            WaitRun run = runs[i];
            Mean.Add(run.Mean);
            Tail.Add(run.Tail);
            FirstToken.Add(run.FirstToken);
            Difference.Add(run.Mean - baseline[i].Mean);
            RelativeDifference.Add((run.Mean / baseline[i].Mean) - 1);
            Evictions.Add(run.Evictions);
            RestartedShare.Add(run.RestartedShare);
            Unfinished += run.Unfinished;
        }
    }

    public WaitWorkload Workload { get; }

    public double Rate { get; }

    public WaitContender Contender { get; }

    /// <summary>Mean latencies, in seconds.</summary>
    public Spread Mean { get; } = new();

    /// <summary>p99 of latencies, in seconds.</summary>
    public Spread Tail { get; } = new();

    /// <summary>Mean TTFT, in seconds.</summary>
    public Spread FirstToken { get; } = new();

    /// <summary>Mean latencies less those of the baseline with the same requests, in seconds.</summary>
    public Spread Difference { get; } = new();

    /// <summary>The same as a share of the baseline's.</summary>
    public Spread RelativeDifference { get; } = new();

    public Spread Evictions { get; } = new();

    public Spread RestartedShare { get; } = new();

    /// <summary>Requests of all runs that did not complete.</summary>
    public long Unfinished { get; private set; }

    /// <summary>How many runs kept up.</summary>
    public int KeptUp { get; }

    /// <summary>Whether nine of ten runs kept up.</summary>
    public bool IsStable { get; }
}
