using System.Diagnostics;

namespace KvScheduling.ManagedEngine;

/// <summary>Chooses how many threads a piece of work gets. Results do not depend on it.</summary>
/// <remarks>
/// Work so small that handing it over costs more than sharing it saves gets one thread. When the team stalls, because somebody else uses the cores, the team is halved
/// for a while, and for longer each time the full team stalls again.
/// </remarks>
internal sealed class TeamSizer
{
    /// <summary>What opening a phase costs a team, in nanoseconds: two transfers of a cache line and a bit of waiting.</summary>
    private const double PhaseNanoseconds = 400;

    /// <summary>The share of a run spent waiting from which on it counts as stalled.</summary>
    private const double StalledShare = 0.25;

    /// <summary>How long a stalled team stays small, measured in time spent computing: 2 ms at first, a second at most.</summary>
    private static readonly long FirstPenalty = Stopwatch.Frequency / 500;
    private static readonly long LongestPenalty = Stopwatch.Frequency;

    private int _limit;
    private long _penalty = FirstPenalty;
    private long _ticksLeft;
    private long _healthyTicks;

    public TeamSizer(int size) => _limit = Size = size;

    /// <summary>The whole team.</summary>
    public int Size { get; }

    /// <summary>Threads for the next piece of work.</summary>
    /// <param name="nanoseconds">What it would take one thread, roughly.</param>
    /// <param name="phases">Its phases.</param>
    public int Choose(double nanoseconds, int phases)
    {
        double saved = nanoseconds * (1 - (1.0 / _limit));
        return saved > phases * PhaseNanoseconds ? _limit : 1;
    }

    /// <summary>Takes in how the work went.</summary>
    /// <param name="threads">Threads it got.</param>
    /// <param name="ticks">How long it took, in <see cref="Stopwatch"/> ticks.</param>
    /// <param name="stalledTicks">How long of that the caller waited.</param>
    public void Report(int threads, long ticks, long stalledTicks)
    {
        if (threads > 1 && stalledTicks > ticks * StalledShare)
        {
            _limit = Math.Max(1, threads / 2);
            _ticksLeft = _penalty;
            _healthyTicks = 0;
            _penalty = Math.Min(_penalty * 2, LongestPenalty);
        }
        else if (_limit < Size)
        {
            _ticksLeft -= ticks;
            if (_ticksLeft <= 0)
            {
                _limit = Math.Min(_limit * 2, Size);
                _ticksLeft = _penalty;
            }
        }
        else if (threads > 1 && _penalty > FirstPenalty)
        {
            _healthyTicks += ticks;
            if (_healthyTicks >= 4 * _penalty)
            {
                _penalty /= 2;
                _healthyTicks = 0;
            }
        }
    }
}
