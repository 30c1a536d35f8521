namespace KvScheduling.OnnxGenAI;

/// <summary>Keeps the use of an engine and its disposal apart: what is disposed during a step, by a watchdog on another thread, is freed by the step when it ends.</summary>
internal struct EngineGuard
{
    private const int Idle = 0;
    private const int InUse = 1;
    private const int Disposed = 2;
    private const int DisposedInUse = 3;

    private int _state;

    public void Enter(object owner)
    {
        int before = Interlocked.CompareExchange(ref _state, InUse, Idle);
        ObjectDisposedException.ThrowIf(before is Disposed or DisposedInUse, owner);
        if (before == InUse)
        {
            throw new InvalidOperationException("An engine is used by one thread at a time: the previous call has not returned.");
        }
    }

    /// <summary>Ends a use.</summary>
    /// <returns>Whether the engine was disposed meanwhile and must be freed now.</returns>
    public bool Exit()
    {
        if (Interlocked.CompareExchange(ref _state, Idle, InUse) == InUse)
        {
            return false;
        }

        _state = Disposed;
        return true;
    }

    /// <summary>Disposes.</summary>
    /// <returns>Whether the caller must free the engine now.</returns>
    public bool Dispose()
    {
        if (Interlocked.CompareExchange(ref _state, Disposed, Idle) == Idle)
        {
            return true;
        }

        Interlocked.CompareExchange(ref _state, DisposedInUse, InUse);
        return false;
    }
}
