namespace KvScheduling;

/// <summary>When waiting requests that never started must be refused: their deadline can't be met any more, or they waited as long as a request may.</summary>
/// <remarks>Keyed by the moment of refusal at the speed measured when the key was made. A request that comes up is judged at the present speed; when that has
/// moved far, all keys are made again.</remarks>
internal sealed class ExpiryQueue
{
    private const double SpeedTolerance = 0.25;
    private readonly TimeSpan? _queueTimeout;
    private readonly SchedulerLimits _limits;
    private readonly ExpiryHeap _heap = new();
    private readonly Func<SchedulableRequest, long> _key;
    private double _speed;

    public ExpiryQueue(TimeSpan? queueTimeout, SchedulerLimits limits)
    {
        _queueTimeout = queueTimeout;
        _limits = limits;
        _key = request => RefusedAt(request, _speed);
    }

    /// <summary>The next moment at which a request must be judged; null when there is none.</summary>
    public TimeSpan? Next => _heap.TryPeek(out long key, out _) ? TimeSpan.FromTicks(key) : null;

    public void Add(SchedulableRequest request, double meanStepSeconds)
    {
        if (CanExpire(request))
        {
            if (_heap.Count == 0)
            {
                _speed = meanStepSeconds;
            }

            _heap.Add(request, RefusedAt(request, _speed));
        }
    }

    /// <summary>A request that may be in the queue left the line.</summary>
    public void OnRemoved(SchedulableRequest request)
    {
        if (CanExpire(request))
        {
            _heap.OnRemoved();
        }
    }

    /// <summary>The next request that must be refused now, or null. It stays in the queue until it leaves the line.</summary>
    public SchedulableRequest? Expired(TimeSpan now, double meanStepSeconds)
    {
        if (Math.Abs(meanStepSeconds - _speed) > SpeedTolerance * _speed)
        {
            _speed = meanStepSeconds;
            _heap.Rekey(_key);
        }

        while (_heap.TryPeek(out long key, out SchedulableRequest? request) && key <= now.Ticks)
        {
            long refusedAt = RefusedAt(request, meanStepSeconds);
            if (refusedAt <= now.Ticks)
            {
                return request;
            }

            _heap.Postpone(refusedAt);
        }

        return null;
    }

    /// <summary>Whether a waiting request must be refused instead of started.</summary>
    public bool IsExpired(SchedulableRequest request, TimeSpan now, double meanStepSeconds) =>
        !request.Place.IsResumed && CanExpire(request) && RefusedAt(request, meanStepSeconds) <= now.Ticks;

    /// <summary>Why a request was refused, in words.</summary>
    public RequestEnd Refusal(SchedulableRequest request, TimeSpan now)
    {
        TimeSpan waited = now - request.ArrivalTime;
        string reason = _queueTimeout is TimeSpan timeout && waited >= timeout
            ? $"longer than QueueTimeout ({timeout.TotalSeconds:0.###} s). Try again later, or raise QueueTimeout."
            : $"and can't be complete by its deadline of {request.Deadline!.Value.TotalSeconds:0.###} s. Try again later, or give it a later deadline.";
        string message = $"The request waited {waited.TotalSeconds:0.###} s, {reason}";
        return RequestEnd.Rejected(SchedulingRejection.DeadlineUnreachable, message);
    }

    private bool CanExpire(SchedulableRequest request) => _queueTimeout is not null || request.Deadline is not null;

    private long RefusedAt(SchedulableRequest request, double meanStepSeconds)
    {
        long at = long.MaxValue;
        if (_queueTimeout is TimeSpan timeout)
        {
            at = AddTicks(request.ArrivalTime, timeout);
        }

        if (request.Deadline is TimeSpan deadline)
        {
            // The first tick from which on the remaining steps end after the deadline.
            double work = _limits.StepsToComplete(request) * meanStepSeconds * TimeSpan.TicksPerSecond;
            at = Math.Min(at, AddTicks(request.ArrivalTime, deadline) - (long)Math.Min(work, long.MaxValue / 4) + 1);
        }

        return at;
    }

    private static long AddTicks(TimeSpan from, TimeSpan span) => (long)Int128.Min((Int128)from.Ticks + span.Ticks, long.MaxValue / 4);
}
