using System.Runtime.InteropServices;

namespace KvScheduling.OnnxGenAI;

/// <summary>Environment variables as native code reads them.</summary>
/// <remarks><see cref="Environment.SetEnvironmentVariable(string, string)"/> alone is not seen by the C library's getenv.</remarks>
internal static partial class NativeEnvironment
{
    public static void Set(string name, string value)
    {
        Environment.SetEnvironmentVariable(name, value);
        int failed = OperatingSystem.IsWindows() ? PutEnv(name, value) : SetEnv(name, value, overwrite: 1);
        if (failed != 0)
        {
            throw new OnnxGenAIException($"The environment variable {name} could not be set for native code (error {failed}).");
        }
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetEnv(string name, string value, int overwrite);

    [LibraryImport("ucrtbase", EntryPoint = "_putenv_s", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int PutEnv(string name, string value);
}
