using System.Diagnostics;
using System.Globalization;

namespace KvScheduling.OnnxGenAI.Bench;

/// <summary>The most memory that this process had resident.</summary>
internal static class PeakMemory
{
    /// <summary>Forgets what was before; where the system can't, the peak is that of the whole run.</summary>
    public static void Reset()
    {
        if (OperatingSystem.IsLinux())
        {
            File.WriteAllText("/proc/self/clear_refs", "5");
        }
    }

    /// <summary>In bytes.</summary>
    public static long Read()
    {
        if (!OperatingSystem.IsLinux())
        {
            using Process self = Process.GetCurrentProcess();
            return self.PeakWorkingSet64;
        }

        string line = File.ReadLines("/proc/self/status").First(static line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024;
    }
}
