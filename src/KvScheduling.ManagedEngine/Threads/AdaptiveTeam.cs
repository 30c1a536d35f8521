using System.Diagnostics;

namespace KvScheduling.ManagedEngine;

/// <summary>A team that gives each piece of work as many threads as pay for it.</summary>
internal sealed class AdaptiveTeam : IDisposable
{
    private readonly WorkerTeam _team;
    private readonly TeamSizer _sizer;

    /// <summary>Starts the threads.</summary>
    /// <param name="size">Threads including the caller's.</param>
    public AdaptiveTeam(int size)
    {
        _team = new WorkerTeam(size);
        _sizer = new TeamSizer(size);
    }

    /// <summary>The most threads that work gets.</summary>
    public int Size => _team.Size;

    /// <summary>Runs work to its end.</summary>
    /// <param name="work">The work.</param>
    /// <param name="nanoseconds">What it would take one thread, roughly.</param>
    public void Run(IPhasedWork work, double nanoseconds)
    {
        int threads = _sizer.Choose(nanoseconds, work.PhaseCount);
        long start = Stopwatch.GetTimestamp();
        _team.Run(work, threads);
        _sizer.Report(threads, Stopwatch.GetTimestamp() - start, _team.StalledTicks);
    }

    public void Dispose() => _team.Dispose();
}
