using System.Runtime.InteropServices;

namespace KvScheduling.ManagedEngine;

/// <summary>Asks Linux for 2 MiB pages: decoding reads all weights and much KV for each token, and with 4 KiB pages 3 to 9 % of its time go to address translation.</summary>
internal static unsafe partial class HugePages
{
    private const long PageBytes = 2 << 20;
    private const int AdviseHugePages = 14;

    /// <summary>Gives the hint for memory of several such pages; where it can't be given, nothing happens.</summary>
    public static void Advise(byte* start, long bytes)
    {
        if (!OperatingSystem.IsLinux() || bytes < 2 * PageBytes)
        {
            return;
        }

        nint first = (nint)(((long)start + PageBytes - 1) & -PageBytes);
        nint length = (nint)(((long)start + bytes - first) & -PageBytes);
        try
        {
            _ = Advise((void*)first, (nuint)length, AdviseHugePages);
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            // A C library by another name: slower, not wrong.
        }
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(void* start, nuint length, int advice);
}
