using System.Diagnostics;

namespace KvScheduling;

/// <summary>Decides, exactly once, who owns the scheduler's state when an engine call does not return: the thread inside the call, or the watchdog.</summary>
/// <remarks>
/// The state of the core is only touched outside engine calls. A thread enters before each call and leaves after it; the watchdog may take over only between the two.
/// When the call returns after that, leaving fails and the thread ends without touching anything.
/// </remarks>
internal sealed class EngineGuard(TimeProvider time)
{
    private const long TakenOver = -1;

    /// <summary>Calls begun and ended: odd inside a call, and never the same in two calls, so that nobody takes over in a call that he did not look at.</summary>
    private long _turns;
    private long _enteredAt;

    public void Enter()
    {
        Volatile.Write(ref _enteredAt, time.GetTimestamp());
        long outside = Interlocked.Read(ref _turns);
        Debug.Assert(outside % 2 == 0, "Engine calls do not nest.");
        if (outside != TakenOver)
        {
            Interlocked.Exchange(ref _turns, outside + 1);
        }
    }

    /// <exception cref="EngineTakenOverException">The watchdog has taken over; the caller must end.</exception>
    public void Leave()
    {
        long inside = Interlocked.Read(ref _turns);
        if (inside == TakenOver || Interlocked.CompareExchange(ref _turns, inside + 1, inside) != inside)
        {
            throw new EngineTakenOverException();
        }
    }

    /// <summary>Takes over when a call has lasted longer than the limit; true for exactly one caller.</summary>
    public bool TryTakeOver(TimeSpan limit)
    {
        long inside = Interlocked.Read(ref _turns);
        return inside % 2 == 1
            && time.GetElapsedTime(Volatile.Read(ref _enteredAt)) >= limit
            && Interlocked.CompareExchange(ref _turns, TakenOver, inside) == inside;
    }
}

/// <summary>Unwinds a thread whose engine call outlived its engine.</summary>
internal sealed class EngineTakenOverException : Exception;
