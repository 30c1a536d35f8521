namespace KvScheduling.ManagedEngine;

/// <summary>Keeps native memory alive while it is used: one user at a time, and an end that waits for the user.</summary>
internal sealed class UseGuard
{
    private const int Idle = 0;
    private const int InUse = 1;
    private const int EndsAfterUse = 2;
    private const int Ended = 3;

    private int _state;

    /// <summary>Begins a use.</summary>
    /// <exception cref="ObjectDisposedException">It has ended.</exception>
    /// <exception cref="InvalidOperationException">Another thread uses it.</exception>
    public void Enter(object owner)
    {
        int state = Interlocked.CompareExchange(ref _state, InUse, Idle);
        ObjectDisposedException.ThrowIf(state is EndsAfterUse or Ended, owner);
        if (state == InUse)
        {
            throw new InvalidOperationException("The engine is used by two threads at once; its calls must follow each other.");
        }
    }

    /// <summary>Ends a use. True when the owner must free its memory now.</summary>
    public bool Exit() => Interlocked.CompareExchange(ref _state, Idle, InUse) != InUse && Interlocked.Exchange(ref _state, Ended) != Ended;

    /// <summary>Ends the life. True when the owner must free its memory now, false when that was done, or will be when the use in progress ends.</summary>
    public bool End()
    {
        while (true)
        {
            switch (Interlocked.CompareExchange(ref _state, Ended, Idle))
            {
                case Idle:
                    return true;
                case InUse when Interlocked.CompareExchange(ref _state, EndsAfterUse, InUse) != InUse:
                    continue;
                default:
                    return false;
            }
        }
    }
}
