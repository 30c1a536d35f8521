namespace KvScheduling.Simulation;

/// <summary>What no schedule of a backlog can beat in total latency.</summary>
public static class BacklogBounds
{
    /// <summary>The most states that the optimum is searched for unasked: a second or so.</summary>
    private const int StatesUnasked = 300_000;

    /// <summary>The volume bound: with volumes s·o + o(o+1)/2 in ascending order, the sum of their prefix sums, divided by the budget.</summary>
    /// <remarks>Source: arXiv 2606.22327, Proposition 3.1. O(n log n) for any backlog.</remarks>
    /// <param name="requests">The backlog.</param>
    /// <param name="kvTokens">The KV budget in tokens; at least 1.</param>
    public static double Volume(IReadOnlyList<WorkloadRequest> requests, long kvTokens)
    {
        ArgumentNullException.ThrowIfNull(requests);
        ArgumentOutOfRangeException.ThrowIfLessThan(kvTokens, 1);
        Int128 prefix = 0;
        Int128 sum = 0;
        foreach (long volume in requests.Select(static request => request.Volume).Order())
        {
            prefix += volume;
            sum += prefix;
        }

        return (double)sum / kvTokens;
    }

    /// <summary>The sum of all output lengths: every request takes at least its own rounds.</summary>
    /// <param name="requests">The backlog.</param>
    public static long Trivial(IReadOnlyList<WorkloadRequest> requests)
    {
        ArgumentNullException.ThrowIfNull(requests);
        return requests.Sum(static request => (long)request.OutputTokens);
    }

    /// <summary>The value of the linear relaxation of the schedule's integer programme, over Σ output rounds; <see langword="null"/> when the backlog is too
    /// large for it.</summary>
    /// <param name="requests">The backlog; every request must fit the budget.</param>
    /// <param name="kvTokens">The KV budget in tokens; at least 1.</param>
    /// <param name="cancellationToken">Ends the computation.</param>
    public static double? Linear(IReadOnlyList<WorkloadRequest> requests, long kvTokens, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(requests);
        ArgumentOutOfRangeException.ThrowIfLessThan(kvTokens, 1);
        return LinearRelaxation.Solve(requests, kvTokens, cancellationToken)?.Value;
    }

    /// <summary>The least total latency of any schedule; <see langword="null"/> when the backlog is too large to find it within about a second.</summary>
    /// <param name="requests">The backlog; every request must fit the budget.</param>
    /// <param name="kvTokens">The KV budget in tokens; at least 1.</param>
    /// <param name="cancellationToken">Ends the computation.</param>
    public static long? Optimal(IReadOnlyList<WorkloadRequest> requests, long kvTokens, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(requests);
        ArgumentOutOfRangeException.ThrowIfLessThan(kvTokens, 1);
        return OptimalSchedule.Find(requests, kvTokens, StatesUnasked, cancellationToken)?.TotalLatency;
    }
}
