namespace KvScheduling.Samples.BacklogDrain;

/// <summary>What one run of the backlog took.</summary>
internal sealed record RunFigures
{
    public required string Policy { get; init; }

    /// <summary>From the first submission to the last completion.</summary>
    public required TimeSpan Makespan { get; init; }

    /// <summary>From the start of the run to each completion, in order.</summary>
    public required IReadOnlyList<TimeSpan> CompletionTimes { get; init; }

    /// <summary>Engine steps of the run: its length on any machine, however busy.</summary>
    public required long Steps { get; init; }

    /// <summary>Engine steps from the start of the run to a completion, on average.</summary>
    public required double MeanSteps { get; init; }

    public required int Failed { get; init; }

    public required long OutputTokens { get; init; }

    public required long Evictions { get; init; }

    /// <summary>The outputs by position in the file; null where there is none.</summary>
    public required int[]?[] Outputs { get; init; }

    public TimeSpan Mean => CompletionTimes.Count == 0 ? TimeSpan.Zero : TimeSpan.FromTicks((long)CompletionTimes.Average(static time => time.Ticks));

    public double TokensPerSecond => Makespan > TimeSpan.Zero ? OutputTokens / Makespan.TotalSeconds : 0;

    /// <summary>The completion time that this share of the prompts does not exceed (nearest rank).</summary>
    public TimeSpan Quantile(double share)
    {
        int rank = (int)Math.Ceiling(share * CompletionTimes.Count);
        return CompletionTimes.Count == 0 ? TimeSpan.Zero : CompletionTimes[Math.Clamp(rank, 1, CompletionTimes.Count) - 1];
    }
}
