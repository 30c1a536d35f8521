namespace KvScheduling.Simulation;

/// <summary>Drains backlogs in unit rounds: prefix list scheduling through the production scheduler, whose ledger decides what fits.</summary>
/// <remarks>Every round the head of the policy's order is tested, and started as long as it fits; nothing passes it unless backfill is asked for. Prompts take no time,
/// lengths are known, and nothing is evicted.</remarks>
public static class Backlog
{
    /// <summary>The name under which the exact optimum is asked for.</summary>
    public const string Optimal = "optimal";

    /// <summary>The name of the order by mean start rounds in the linear relaxation: a reference for small backlogs.</summary>
    public const string SortedLinearRelaxation = "sorted-lp";

    private const int MostExact = 256;

    /// <summary>The names that <see cref="Drain"/> knows: the scheduler's policies and the references of small backlogs.</summary>
    public static IReadOnlyList<string> Policies => [.. PolicyCatalog.Names, Optimal, SortedLinearRelaxation];

    /// <summary>Drains a backlog.</summary>
    /// <param name="policy">One of <see cref="Policies"/>.</param>
    /// <param name="requests">The requests, in the order of arrival; all are there at round 0, whatever their arrival says.</param>
    /// <param name="kvTokens">The KV budget in tokens; at least 1.</param>
    /// <param name="backfill">Whether requests may pass a blocked head where its earliest start does not move (EASY). The default value is <see langword="false"/>: prefix list
    /// scheduling, as the literature has it. References do not depend on it.</param>
    /// <param name="cancellationToken">Ends the run.</param>
    /// <exception cref="ArgumentException">No policy has this name.</exception>
    /// <exception cref="WorkloadException">A request is larger than the budget, or the backlog is too large for the reference that was asked for.</exception>
    public static BacklogSchedule Drain(
        string policy, IReadOnlyList<WorkloadRequest> requests, long kvTokens, bool backfill = false, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(policy);
        ArgumentNullException.ThrowIfNull(requests);
        ArgumentOutOfRangeException.ThrowIfLessThan(kvTokens, 1);
        Check(requests, kvTokens);
        if (policy.Equals(Optimal, StringComparison.OrdinalIgnoreCase))
        {
            return OptimalSchedule.Find(requests, kvTokens, OptimalSchedule.MaxStates, cancellationToken)
                ?? throw TooLarge("The exact optimum", requests);
        }

        if (policy.Equals(SortedLinearRelaxation, StringComparison.OrdinalIgnoreCase))
        {
            LinearRelaxation solution = LinearRelaxation.Solve(requests, kvTokens, cancellationToken) ?? throw TooLarge("The linear relaxation", requests);
            return Run(SortedLinearRelaxation, requests, kvTokens, _ => new FixedOrderPolicy(SortedLinearRelaxation, solution.Order()), false, cancellationToken);
        }

        if (policy.Equals(SchedulingPolicies.SortedFExact, StringComparison.OrdinalIgnoreCase) && requests.Count > MostExact)
        {
            throw new WorkloadException($"{SchedulingPolicies.SortedFExact} selects exactly among up to {MostExact} requests; the backlog has {requests.Count}. "
                + $"Use {SchedulingPolicies.SortedF} or a smaller backlog.");
        }

        return Run(policy, requests, kvTokens, null, backfill, cancellationToken);
    }

    /// <summary>Drains a backlog whose output lengths are known by intervals only (<see cref="WorkloadRequest.PredictedOutput"/>). A request's interval reaches the policy as its expected
    /// length, the lower end, and its limit, the upper end; an evicted request loses its tokens and begins again.</summary>
    /// <param name="name">The policy's name.</param>
    /// <param name="policy">Makes the policy.</param>
    /// <param name="requests">The requests, in the order of arrival; all are there at round 0, whatever their arrival says.</param>
    /// <param name="kvTokens">The KV budget in tokens; at least 1.</param>
    /// <param name="cancellationToken">Ends the run.</param>
    /// <exception cref="WorkloadException">A request has no interval, or one that its length is not in, or is larger than the budget at the upper end.</exception>
    public static BacklogSchedule DrainByIntervals(
        string name, Func<PolicyContext, ISchedulingPolicy> policy, IReadOnlyList<WorkloadRequest> requests, long kvTokens, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(policy);
        ArgumentNullException.ThrowIfNull(requests);
        ArgumentOutOfRangeException.ThrowIfLessThan(kvTokens, 1);
        CheckIntervals(name, requests, kvTokens);
        SimulationSettings settings = Settings(requests.Count, kvTokens) with { PolicyFactory = policy, Eviction = EvictionMode.Restart };
        IEnumerable<WorkloadRequest> workload = requests.Select(static request => request with
        {
            Arrival = TimeSpan.Zero,
            ExpectedOutputTokens = request.PredictedOutput!.Value.Least,
            MaxOutputTokens = request.PredictedOutput.Value.Most,
        });
        SimulationResult result = Simulator.Run(name, workload, settings, null, cancellationToken);
        int[] starts = [.. result.Requests.Zip(requests, static (times, request) => Rounds(times!.Value.Latency) - request.OutputTokens)];
        return new BacklogSchedule(result.Policy, requests, starts, result.Evictions, result.PeakKvBlocks);
    }

    private static BacklogSchedule Run(
        string policy,
        IReadOnlyList<WorkloadRequest> requests,
        long kvTokens,
        Func<PolicyContext, ISchedulingPolicy>? factory,
        bool backfill,
        CancellationToken cancellationToken)
    {
        SimulationSettings settings = Settings(requests.Count, kvTokens, backfill) with { PolicyFactory = factory };
        IEnumerable<WorkloadRequest> workload = requests.Select(static request => request with { Arrival = TimeSpan.Zero, ExpectedOutputTokens = null, MaxOutputTokens = null });
        SimulationResult result = Simulator.Run(policy, workload, settings, null, cancellationToken);
        return new BacklogSchedule(result.Policy, requests, [.. result.Requests.Select(static times => Rounds(times!.Value.QueueTime))]);
    }

    private static SimulationSettings Settings(int count, long kvTokens, bool backfill = false) => new()
    {
        KvTokens = kvTokens,
        MaxRunningRequests = (int)Math.Clamp(Math.Min(count, kvTokens / 2), 1, 65_536),
        MaxStepTokens = int.MaxValue,
        PrefillChunkTokens = int.MaxValue,
        KeepRequests = true,
        Configure = options =>
        {
            options.Reservation = KvReservation.Guaranteed;
            options.Backfill = backfill;
            options.PromoteAfter = null;
        },
    };

    private static int Rounds(TimeSpan time) => (int)(time.Ticks / TimeSpan.TicksPerSecond);

    private static void CheckIntervals(string policy, IReadOnlyList<WorkloadRequest> requests, long kvTokens)
    {
        for (int i = 0; i < requests.Count; i++)
        {
            WorkloadRequest request = requests[i];
            if (request.PredictedOutput is not OutputInterval interval)
            {
                throw new WorkloadException(i, $"'{policy}' plans with intervals of output lengths, and row {i + 1} has none. Add the columns min_output_tokens and max_output_tokens.");
            }

            if (interval.Least < 1 || request.OutputTokens < interval.Least || request.OutputTokens > interval.Most)
            {
                throw new WorkloadException(
                    i, $"Row {i + 1} has {request.OutputTokens} output tokens, which is not within its interval from {interval.Least} to {interval.Most}. Correct min_output_tokens or max_output_tokens.");
            }

            if ((long)request.PromptTokens + interval.Most > kvTokens)
            {
                throw new WorkloadException(i, $"Row {i + 1} may need {(long)request.PromptTokens + interval.Most} KV tokens ({request.PromptTokens} prompt, up to {interval.Most} output), but the "
                    + $"budget is {kvTokens}. Raise the KV budget, lower max_output_tokens or leave the request out.");
            }
        }
    }

    private static void Check(IReadOnlyList<WorkloadRequest> requests, long kvTokens)
    {
        for (int i = 0; i < requests.Count; i++)
        {
            if (requests[i].Peak > kvTokens)
            {
                throw new WorkloadException(i, $"Row {i + 1} needs {requests[i].Peak} KV tokens ({requests[i].PromptTokens} prompt, {requests[i].OutputTokens} output), but the "
                    + $"budget is {kvTokens}. Raise the KV budget or leave the request out.");
            }
        }
    }

    private static WorkloadException TooLarge(string what, IReadOnlyList<WorkloadRequest> requests) =>
        new($"{what} can't be found for a backlog of {requests.Count} requests and {requests.Sum(static request => (long)request.OutputTokens)} output tokens: it is too large. "
            + "Use fewer or shorter requests, or compare with the volume bound.");
}
