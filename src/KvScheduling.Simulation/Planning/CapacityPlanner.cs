namespace KvScheduling.Simulation;

/// <summary>Finds how many instances, or how much KV, a workload needs to reach a goal, by replaying it.</summary>
/// <remarks>
/// <para>With several instances request i goes to instance i mod n: what any router can do without knowing anything, so that a better one needs no more.</para>
/// <para>The searches take for granted that more instances, or more KV, are not worse.</para>
/// </remarks>
public sealed class CapacityPlanner
{
    /// <summary>KV budgets are found within this factor.</summary>
    private const double KvPrecision = 1.01;

    private readonly string _policy;
    private readonly WorkloadRequest[] _requests;
    private readonly SimulationSettings _settings;
    private readonly CapacityGoal _goal;
    private readonly Dictionary<(int Instances, long KvTokens), CapacityPoint> _known = [];

    /// <summary>Creates a planner.</summary>
    /// <param name="policy">The policy's name.</param>
    /// <param name="requests">The workload.</param>
    /// <param name="settings">The engine of one instance.</param>
    /// <param name="goal">The goal.</param>
    /// <exception cref="ArgumentException">The workload is empty, or the goal has no limit or no quantile.</exception>
    public CapacityPlanner(string policy, IEnumerable<WorkloadRequest> requests, SimulationSettings settings, CapacityGoal goal)
    {
        ArgumentNullException.ThrowIfNull(policy);
        ArgumentNullException.ThrowIfNull(requests);
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(goal);
        if (goal.Limits is { TimeToFirstToken: null, TimePerOutputToken: null, Latency: null } || !(goal.Share is > 0 and <= 1))
        {
            throw new ArgumentException("A goal needs a limit on TTFT, TPOT or latency, and a quantile above 0 and at most 1.", nameof(goal));
        }

        _policy = policy;
        _requests = [.. requests];
        _settings = settings with { KeepRequests = true };
        _goal = goal;
        if (_requests.Length == 0)
        {
            throw new ArgumentException("There is nothing to plan for: the workload has no requests.", nameof(requests));
        }
    }

    /// <summary>How many points have been replayed.</summary>
    public int Replays => _known.Count;

    /// <summary>The least number of instances that reaches the goal.</summary>
    /// <param name="most">The most to consider; at least 1.</param>
    /// <param name="progress">Told of <see cref="Replays"/> after each.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    /// <returns>The point with the fewest instances; <see langword="null"/> where <paramref name="most"/> do not reach it.</returns>
    public CapacityPoint? FindInstances(int most, IProgress<long>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(most, 1);
        int enough = 1;
        int tooFew = 0;
        while (!Reaches(enough))
        {
            tooFew = enough;
            if (enough == most)
            {
                return null;
            }

            enough = (int)Math.Min(most, 2L * enough);
        }

        while (enough - tooFew > 1)
        {
            int middle = tooFew + ((enough - tooFew) / 2);
            (enough, tooFew) = Reaches(middle) ? (middle, tooFew) : (enough, middle);
        }

        return At(enough, _settings.KvTokens, progress, cancellationToken);

        bool Reaches(int instances) => At(instances, _settings.KvTokens, progress, cancellationToken).Meets(_goal.Limits);
    }

    /// <summary>The least KV budget, within 1 %, with which one instance reaches the goal; at most that of the settings.</summary>
    /// <param name="progress">Told of <see cref="Replays"/> after each.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    /// <returns>The point with the least KV; <see langword="null"/> where the budget of the settings does not reach it.</returns>
    public CapacityPoint? FindKv(IProgress<long>? progress = null, CancellationToken cancellationToken = default)
    {
        long enough = Whole(_settings.KvTokens);
        if (!Reaches(enough))
        {
            return null;
        }

        long least = Least();
        if (least >= enough || Reaches(least))
        {
            return At(1, Math.Min(least, enough), progress, cancellationToken);
        }

        long tooLittle = least;
        while (enough > tooLittle * KvPrecision)
        {
            long middle = Whole((long)Math.Sqrt((double)tooLittle * enough));
            if (middle <= tooLittle || middle >= enough)
            {
                break;
            }

            (enough, tooLittle) = Reaches(middle) ? (middle, tooLittle) : (enough, middle);
        }

        return At(1, enough, progress, cancellationToken);

        bool Reaches(long kvTokens) => At(1, kvTokens, progress, cancellationToken).Meets(_goal.Limits);
    }

    /// <summary>The same instances with a little less KV: where this is much worse, the plan stands at the edge of a cliff.</summary>
    /// <param name="point">A point of this planner.</param>
    /// <param name="share">The share of its KV that is left; from above 0 to below 1.</param>
    /// <param name="progress">Told of <see cref="Replays"/> after it.</param>
    /// <param name="cancellationToken">Ends the replay.</param>
    /// <returns>The point with less KV; <see langword="null"/> where the largest request would not fit any more.</returns>
    public CapacityPoint? WithLessKv(CapacityPoint point, double share, IProgress<long>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(point);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(share);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(share, 1);
        long kvTokens = Whole((long)(point.KvTokens * share));
        return kvTokens >= Least() ? At(point.Instances, kvTokens, progress, cancellationToken) : null;
    }

    private CapacityPoint At(int instances, long kvTokens, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        if (!_known.TryGetValue((instances, kvTokens), out CapacityPoint? point))
        {
            SimulationSettings settings = _settings with { KvTokens = kvTokens };
            var results = new SimulationResult[Math.Min(instances, _requests.Length)];
            var parallel = new ParallelOptions { CancellationToken = cancellationToken, MaxDegreeOfParallelism = Environment.ProcessorCount };
            try
            {
                Parallel.For(0, results.Length, parallel, i => results[i] = Simulator.Run(_policy, Part(i, instances), settings, null, cancellationToken));
            }
            catch (AggregateException error)
            {
                throw error.Flatten().InnerExceptions[0];
            }

            point = new CapacityPoint(instances, kvTokens, _goal.Share, results);
            _known.Add((instances, kvTokens), point);
            progress?.Report(Replays);
        }

        return point;
    }

    private IEnumerable<WorkloadRequest> Part(int instance, int instances)
    {
        for (int i = instance; i < _requests.Length; i += instances)
        {
            yield return _requests[i];
        }
    }

    private long Whole(long kvTokens) => kvTokens - (kvTokens % _settings.BlockTokens);

    /// <summary>What the largest request needs, in whole blocks.</summary>
    private long Least()
    {
        int longest = _settings.MaxOutputTokens ?? int.MaxValue;
        long largest = _requests.Max(request => request.PromptTokens + (long)Math.Min(request.OutputTokens, longest));
        return ((largest - 1) / _settings.BlockTokens + 1) * _settings.BlockTokens;
    }
}
