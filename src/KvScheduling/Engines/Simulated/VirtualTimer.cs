namespace KvScheduling;

/// <summary>A timer of a <see cref="VirtualTimeProvider"/>. Its schedule is guarded by the provider's lock.</summary>
internal sealed class VirtualTimer : ITimer
{
    private readonly VirtualTimeProvider _provider;
    private readonly TimerCallback _callback;
    private readonly object? _state;
    private long _version;
    private bool _armed;
    private bool _disposed;

    public VirtualTimer(VirtualTimeProvider provider, TimerCallback callback, object? state)
    {
        _provider = provider;
        _callback = callback;
        _state = state;
    }

    /// <summary>Ticks between firings; 0 or less when it fires once.</summary>
    public long PeriodTicks { get; private set; }

    public bool Change(TimeSpan dueTime, TimeSpan period)
    {
        if (_disposed)
        {
            return false;
        }

        _provider.Schedule(this, Ticks(dueTime, nameof(dueTime)), Ticks(period, nameof(period)));
        return true;
    }

    public void Dispose()
    {
        _disposed = true;
        _provider.Schedule(this, -1, -1);
    }

    public ValueTask DisposeAsync()
    {
        Dispose();
        return default;
    }

    internal void Set(long version, long delayTicks, long periodTicks)
    {
        _version = version;
        _armed = delayTicks >= 0;
        PeriodTicks = periodTicks;
    }

    internal bool IsCurrent(long version) => _armed && _version == version;

    internal void Fire() => _callback(_state);

    private static long Ticks(TimeSpan value, string name)
    {
        if (value == Timeout.InfiniteTimeSpan)
        {
            return -1;
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(value, TimeSpan.Zero, name);
        return value.Ticks;
    }
}
