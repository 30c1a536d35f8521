namespace KvScheduling.OnnxGenAI;

/// <summary>Keeps native steps and the end of the process apart: a step that runs while the libraries tear themselves down fails, and would look like a lost engine.</summary>
internal static class ProcessExitGate
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(5);
    private static int _inside;
    private static volatile bool _exiting;

    /// <summary>Whether the process is ending.</summary>
    public static bool IsExiting => _exiting;

    public static void Install() => AppDomain.CurrentDomain.ProcessExit += static (_, _) => Close();

    /// <summary>Enters native code. When the process is ending this never returns: only background threads are left, and their failures would be noise.</summary>
    public static void Enter()
    {
        Interlocked.Increment(ref _inside);
        if (_exiting)
        {
            Interlocked.Decrement(ref _inside);
            Thread.Sleep(Timeout.Infinite);
        }
    }

    public static void Exit() => Interlocked.Decrement(ref _inside);

    private static void Close()
    {
        _exiting = true;
        Interlocked.MemoryBarrier();
        SpinWait.SpinUntil(static () => Volatile.Read(ref _inside) == 0, LongestWait);
    }
}
