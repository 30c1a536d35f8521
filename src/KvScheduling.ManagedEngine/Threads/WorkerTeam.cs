using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace KvScheduling.ManagedEngine;

/// <summary>Threads that run the phases of one piece of work together; the caller is number 0.</summary>
/// <remarks>
/// <para>Units are claimed by guided self-scheduling (Polychronopoulos and Kuck, 1987): big shares first, single units last. All threads claim from one word that holds the
/// phase's serial number and the next unit. Whoever completes a phase's last unit opens the next phase. So nobody waits for a thread that has claimed nothing:
/// one that was taken off its core, or still wakes up, joins where the others are.</para>
/// <para>One wake per piece of work, not per phase. Waiting within work spins, then yields; between pieces workers spin shortly, then sleep.</para>
/// </remarks>
internal sealed class WorkerTeam : IDisposable
{
    /// <summary>The most units of a phase.</summary>
    public const int MaxUnits = (int)Opening - 1;

    private const int UnitBits = 24;
    private const long UnitMask = (1L << UnitBits) - 1;

    /// <summary>In place of the next unit: the work is complete.</summary>
    private const long Closed = UnitMask;

    /// <summary>In place of the next unit: the phase is being set up, and there is nothing to claim yet.</summary>
    private const long Opening = UnitMask - 1;

    /// <summary>Pauses, some tens of nanoseconds each, before a waiting thread offers its core to others.</summary>
    private const int SpinLimit = 1000;

    /// <summary>How long a worker without work stays awake. Steps of a busy engine follow each other faster.</summary>
    private static readonly long IdleSpinTicks = Stopwatch.Frequency / 10_000;

    private readonly Worker[] _workers;
    private SharedState _shared;
    private IPhasedWork _work = EmptyWork.Instance;
    private volatile int _active;
    private volatile bool _stopping;
    private Exception? _error;

    /// <summary>Starts the threads.</summary>
    /// <param name="size">Threads including the caller's, at least 1.</param>
    public WorkerTeam(int size)
    {
        Size = size;
        _shared.Claim = Closed;
        _workers = new Worker[size - 1];
        for (int i = 0; i < _workers.Length; i++)
        {
            int number = i + 1;
            _workers[i] = new Worker(new Thread(() => WorkUntilStopped(number)) { IsBackground = true, Name = $"KvScheduling engine {number}" });
        }

        foreach (Worker worker in _workers)
        {
            worker.Thread.Start();
        }
    }

    /// <summary>Threads including the caller's.</summary>
    public int Size { get; }

    /// <summary>How long the caller waited for others in the latest run, beyond what a healthy wait takes. High when cores are taken by somebody else.</summary>
    public long StalledTicks { get; private set; }

    /// <summary>Runs all phases to their end on some of the threads.</summary>
    /// <exception cref="AggregateException">A unit threw; all others were still run.</exception>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(IPhasedWork work, int threads)
    {
        StalledTicks = 0;
        if (threads <= 1 || Size == 1)
        {
            for (int phase = 0, count = work.PhaseCount; phase < count; phase++)
            {
                int units = work.UnitsOf(phase);
                if (units > 0)
                {
                    work.Execute(phase, 0, units, 0);
                }
            }

            return;
        }

        _work = work;
        _active = Math.Min(threads, Size);
        _error = null;
        _shared.Phase = -1;
        OpenNextPhase();

        // The opened claim must be visible before anybody is found asleep; a worker about to sleep does the reverse.
        Interlocked.MemoryBarrier();
        WakeSleepers();
        Join();
        _work = EmptyWork.Instance;
        if (_error is not null)
        {
            throw new AggregateException(_error);
        }
    }

    public void Dispose()
    {
        _stopping = true;
        Interlocked.MemoryBarrier();
        foreach (Worker worker in _workers)
        {
            lock (worker)
            {
                Monitor.Pulse(worker);
            }

            worker.Thread.Join();
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Join()
    {
        while (true)
        {
            long claim = Volatile.Read(ref _shared.Claim);
            if ((claim & UnitMask) == Closed)
            {
                return;
            }

            if (!TryExecute(claim, 0))
            {
                StalledTicks += WaitForChange(claim);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void WorkUntilStopped(int thread)
    {
        Worker worker = _workers[thread - 1];
        long idleSince = 0;
        while (!_stopping)
        {
            long claim = Volatile.Read(ref _shared.Claim);
            if ((claim & UnitMask) != Closed && thread < _active)
            {
                idleSince = 0;
                if (!TryExecute(claim, thread))
                {
                    WaitForChange(claim);
                }

                continue;
            }

            long now = Stopwatch.GetTimestamp();
            idleSince = idleSince == 0 ? now : idleSince;
            if (now - idleSince < IdleSpinTicks)
            {
                Pause();
            }
            else
            {
                Sleep(worker, thread);
                idleSince = 0;
            }
        }
    }

    /// <summary>Claims a share of the open phase and computes it. False when everything is claimed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool TryExecute(long claim, int thread)
    {
        int first = (int)(claim & UnitMask);

        // May belong to the next phase already; then the exchange below fails, because the claim was changed first.
        int units = Volatile.Read(ref _shared.Units);
        int left = units - first;
        if (left <= 0)
        {
            return false;
        }

        int share = Math.Max(1, left / (2 * _active));
        if (Interlocked.CompareExchange(ref _shared.Claim, claim + share, claim) != claim)
        {
            return true;
        }

        // From here on the phase can't end before this share is done.
        try
        {
            _work.Execute(_shared.Phase, first, first + share, thread);
        }
        catch (Exception e)
        {
            Interlocked.CompareExchange(ref _error, e, null);
        }

        if (Interlocked.Add(ref _shared.Done, share) == units)
        {
            OpenNextPhase();
        }

        return true;
    }

    /// <summary>Called by one thread only: when nothing runs, or by the one that completed the phase.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void OpenNextPhase()
    {
        int phase = _shared.Phase;
        int units = 0;
        int count = _work.PhaseCount;
        do
        {
            phase++;
        }
        while (phase < count && (units = _work.UnitsOf(phase)) == 0);

        // Nobody may claim by the old phase's word and the new phase's units: the word changes before the units do.
        long serial = (Volatile.Read(ref _shared.Claim) >> UnitBits) + 1;
        Interlocked.Exchange(ref _shared.Claim, (serial << UnitBits) | Opening);
        _shared.Done = 0;
        _shared.Phase = phase;
        _shared.Units = units;
        Volatile.Write(ref _shared.Claim, (serial << UnitBits) | (phase < count ? 0 : Closed));
    }

    /// <summary>Waits until the claim is another, and returns how long it took beyond the spin limit.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private long WaitForChange(long claim)
    {
        for (int i = 0; i < SpinLimit; i++)
        {
            if (Volatile.Read(ref _shared.Claim) != claim)
            {
                return 0;
            }

            Pause();
        }

        long start = Stopwatch.GetTimestamp();
        while (Volatile.Read(ref _shared.Claim) == claim)
        {
            Thread.Yield();
        }

        return Stopwatch.GetTimestamp() - start;
    }

    private void WakeSleepers()
    {
        for (int i = 0; i < _active - 1; i++)
        {
            Worker worker = _workers[i];
            if (worker.IsAsleep)
            {
                lock (worker)
                {
                    Monitor.Pulse(worker);
                }
            }
        }
    }

    private void Sleep(Worker worker, int thread)
    {
        lock (worker)
        {
            worker.IsAsleep = true;
            Interlocked.MemoryBarrier();
            while (!_stopping && (thread >= _active || (Volatile.Read(ref _shared.Claim) & UnitMask) == Closed))
            {
                Monitor.Wait(worker);
            }

            worker.IsAsleep = false;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Pause()
    {
        if (X86Base.IsSupported)
        {
            X86Base.Pause();
        }
        else if (ArmBase.IsSupported)
        {
            ArmBase.Yield();
        }
    }

    /// <summary>What all threads write, each on cache lines of its own purpose.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 384)]
    private struct SharedState
    {
        [FieldOffset(128)]
        public long Claim;

        [FieldOffset(136)]
        public int Units;

        [FieldOffset(140)]
        public int Phase;

        [FieldOffset(256)]
        public int Done;
    }

    private sealed class Worker(Thread thread)
    {
        public Thread Thread { get; } = thread;

        public volatile bool IsAsleep;
    }

    private sealed class EmptyWork : IPhasedWork
    {
        public static EmptyWork Instance { get; } = new();

        public int PhaseCount => 0;

        public int UnitsOf(int phase) => 0;

        public void Execute(int phase, int first, int end, int thread)
        {
        }
    }
}
