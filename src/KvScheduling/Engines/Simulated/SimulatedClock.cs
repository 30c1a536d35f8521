namespace KvScheduling;

/// <summary>Lets the time of iterations pass: moves a virtual clock, or waits on any other.</summary>
internal sealed class SimulatedClock : IDisposable
{
    /// <summary>Shorter waits are saved up: a timer is no finer than this.</summary>
    private static readonly TimeSpan ShortestWait = TimeSpan.FromMilliseconds(1);

    private readonly TimeProvider _time;
    private readonly VirtualTimeProvider? _virtual;
    private readonly double _speed;
    private readonly ManualResetEventSlim _wake = new();
    private readonly ManualResetEventSlim _hangEnd = new();
    private readonly ITimer? _timer;
    private TimeSpan _owed;
    private volatile bool _disposed;

    public SimulatedClock(TimeProvider time, double speed)
    {
        _time = time;
        _virtual = time as VirtualTimeProvider;
        _speed = speed;
        if (_virtual is null)
        {
            _timer = time.CreateTimer(static state => ((ManualResetEventSlim)state!).Set(), _wake, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Lets the time pass; false when the engine was disposed meanwhile.</summary>
    public bool Pass(TimeSpan duration)
    {
        TimeSpan scaled = duration / _speed;
        if (_virtual is not null)
        {
            _virtual.Advance(scaled);
            return !_disposed;
        }

        _owed += scaled;
        if (_owed >= ShortestWait)
        {
            long before = _time.GetTimestamp();
            _wake.Reset();
            _timer!.Change(_owed, Timeout.InfiniteTimeSpan);
            if (!_disposed)
            {
                _wake.Wait();
            }

            // What a late timer took too long is credited to the next steps, but never more than one step's worth.
            _owed = Max(_owed - _time.GetElapsedTime(before), -scaled);
        }

        return !_disposed;
    }

    /// <summary>Waits for <see cref="EndHang"/> or the end of the engine; false for the latter.</summary>
    public bool Hang()
    {
        _hangEnd.Wait();
        _hangEnd.Reset();
        return !_disposed;
    }

    public void EndHang() => _hangEnd.Set();

    public void Dispose()
    {
        // The events are only set, not disposed: the loop's thread may still wait on them.
        _disposed = true;
        _timer?.Dispose();
        _wake.Set();
        _hangEnd.Set();
    }

    private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;
}
