using System.Diagnostics;

namespace KvScheduling;

/// <summary>Decides, exactly once, who owns the scheduler's state when an engine call does not return: the thread inside the call, or the watchdog.</summary>
/// <remarks>
/// The state of the core is only touched outside engine calls. A thread enters before each call and leaves after it; the watchdog may take over only between the two.
/// When the call returns after that, leaving fails and the thread ends without touching anything.
/// </remarks>
internal sealed class EngineGuard(TimeProvider time)
{
    private const int Outside = 0;
    private const int Inside = 1;
    private const int TakenOver = 2;

    private int _state;
    private long _enteredAt;

    public void Enter()
    {
        Volatile.Write(ref _enteredAt, time.GetTimestamp());
        int before = Interlocked.CompareExchange(ref _state, Inside, Outside);
        Debug.Assert(before == Outside, "Engine calls do not nest.");
    }

    /// <exception cref="EngineTakenOverException">The watchdog has taken over; the caller must end.</exception>
    public void Leave()
    {
        if (Interlocked.CompareExchange(ref _state, Outside, Inside) != Inside)
        {
            throw new EngineTakenOverException();
        }
    }

    /// <summary>Takes over when a call has lasted longer than the limit; true for exactly one caller.</summary>
    public bool TryTakeOver(TimeSpan limit) =>
        Volatile.Read(ref _state) == Inside
        && time.GetElapsedTime(Volatile.Read(ref _enteredAt)) >= limit
        && Interlocked.CompareExchange(ref _state, TakenOver, Inside) == Inside;
}

/// <summary>Unwinds a thread whose engine call outlived its engine.</summary>
internal sealed class EngineTakenOverException : Exception;
