namespace KvScheduling.OnnxGenAI;

/// <summary>Keeps native work and the end of the process apart: the libraries tear themselves down while background threads still run, and one that is inside them then fails or ends the process with a signal.</summary>
internal static class ProcessExitGate
{
    /// <summary>A step of a large model, or its loading, can take many seconds on a busy machine; only a call that hangs is left behind.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);

    [ThreadStatic]
    private static int _depth;

    private static int _threadsInside;
    private static volatile bool _isExiting;

    static ProcessExitGate() => AppDomain.CurrentDomain.ProcessExit += static (_, _) => Close();

    /// <summary>Enters native work; may be nested. When the process is ending this never returns: only background threads are left then, and their failures would be noise.</summary>
    public static void Enter()
    {
        if (_depth++ > 0)
        {
            return;
        }

        Interlocked.Increment(ref _threadsInside);
        if (_isExiting)
        {
            Interlocked.Decrement(ref _threadsInside);
            Thread.Sleep(Timeout.Infinite);
        }
    }

    public static void Exit()
    {
        if (--_depth == 0)
        {
            Interlocked.Decrement(ref _threadsInside);
        }
    }

    private static void Close()
    {
        _isExiting = true;
        Interlocked.MemoryBarrier();

        // A thread that exits the process from within native work would wait for itself.
        int self = _depth > 0 ? 1 : 0;
        SpinWait.SpinUntil(() => Volatile.Read(ref _threadsInside) <= self, LongestWait);
    }
}
