namespace KvScheduling;

/// <summary>Arrivals per second over a sliding window.</summary>
internal sealed class ArrivalRate(TimeSpan window)
{
    private const int Parts = 60;
    private readonly int[] _counts = new int[Parts];
    private readonly long _partTicks = Math.Max(window.Ticks / Parts, 1);
    private long _first = -1;
    private long _part;
    private int _sum;

    public void Add(TimeSpan now)
    {
        MoveTo(now);
        _counts[_part % Parts]++;
        _sum++;
    }

    /// <summary>The rate by now; over the time since the first arrival while that is shorter than the window.</summary>
    public double PerSecond(TimeSpan now)
    {
        if (_first < 0)
        {
            return 0;
        }

        MoveTo(now);
        long covered = Math.Min(now.Ticks - _first, window.Ticks);
        return covered > 0 ? _sum / TimeSpan.FromTicks(Math.Max(covered, _partTicks)).TotalSeconds : 0;
    }

    private void MoveTo(TimeSpan now)
    {
        long part = now.Ticks / _partTicks;
        if (_first < 0)
        {
            _first = now.Ticks;
            _part = part;
            return;
        }

        for (long next = Math.Max(_part + 1, part - Parts + 1); next <= part; next++)
        {
            _sum -= _counts[next % Parts];
            _counts[next % Parts] = 0;
        }

        _part = Math.Max(_part, part);
    }
}
