namespace KvScheduling;

/// <summary>A clock that moves only when it is told to. Thread-safe.</summary>
/// <remarks>
/// Timers made from it fire on the thread that moves the clock, in the order of their due times and, among equals, of their start; while a timer runs, the
/// clock shows its due time.
/// A simulated engine that is given this clock moves it by the time of each iteration.
/// </remarks>
public sealed class VirtualTimeProvider : TimeProvider
{
    private readonly Lock _gate = new();
    private readonly PriorityQueue<VirtualTimer, (long Due, long Order)> _timers = new();
    private readonly DateTimeOffset _start;
    private long _now;
    private long _order;

    /// <summary>Creates a clock that stands at 1 January 2000, midnight UTC.</summary>
    public VirtualTimeProvider()
        : this(new DateTimeOffset(2000, 1, 1, 0, 0, 0, TimeSpan.Zero))
    {
    }

    /// <summary>Creates a clock.</summary>
    /// <param name="start">The time it shows at first.</param>
    public VirtualTimeProvider(DateTimeOffset start) => _start = start.ToUniversalTime();

    /// <summary>How far the clock has moved.</summary>
    public TimeSpan Elapsed => new(Interlocked.Read(ref _now));

    /// <inheritdoc/>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <inheritdoc/>
    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    /// <inheritdoc/>
    public override long GetTimestamp() => Interlocked.Read(ref _now);

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => _start + Elapsed;

    /// <summary>Moves the clock on and fires what falls due.</summary>
    /// <param name="duration">Zero or more.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="duration"/> is negative: time does not run backwards.</exception>
    public void Advance(TimeSpan duration)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(duration, TimeSpan.Zero);
        AdvanceTo(Elapsed + duration);
    }

    /// <summary>Moves the clock to a point counted from its start, and fires what falls due; nothing happens when it is there or past it.</summary>
    /// <param name="elapsed">The point, as <see cref="Elapsed"/> shows it.</param>
    public void AdvanceTo(TimeSpan elapsed)
    {
        while (TakeDue(elapsed.Ticks) is { } timer)
        {
            timer.Fire();
        }
    }

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ArgumentNullException.ThrowIfNull(callback);
        VirtualTimer timer = new(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>
    /// Puts a timer in line. Every call has a version of its own, so that what was scheduled before is recognised as outdated when it comes up.
    /// </summary>
    internal void Schedule(VirtualTimer timer, long delayTicks, long periodTicks)
    {
        lock (_gate)
        {
            timer.Set(++_order, delayTicks, periodTicks);
            if (delayTicks >= 0)
            {
                _timers.Enqueue(timer, (_now + delayTicks, _order));
            }
        }
    }

    private VirtualTimer? TakeDue(long until)
    {
        lock (_gate)
        {
            while (_timers.TryPeek(out VirtualTimer? timer, out (long Due, long Order) key) && key.Due <= until)
            {
                _timers.Dequeue();
                if (!timer.IsCurrent(key.Order))
                {
                    continue;
                }

                Interlocked.Exchange(ref _now, Math.Max(_now, key.Due));
                if (timer.PeriodTicks > 0)
                {
                    timer.Set(++_order, timer.PeriodTicks, timer.PeriodTicks);
                    _timers.Enqueue(timer, (key.Due + timer.PeriodTicks, _order));
                }
                else
                {
                    timer.Set(++_order, -1, -1);
                }

                return timer;
            }

            Interlocked.Exchange(ref _now, Math.Max(_now, until));
            return null;
        }
    }
}
