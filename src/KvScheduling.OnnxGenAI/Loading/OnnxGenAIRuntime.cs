using System.Diagnostics.CodeAnalysis;

namespace KvScheduling.OnnxGenAI;

/// <summary>The native libraries on this machine, for applications that choose their engine by what is there.</summary>
public static class OnnxGenAIRuntime
{
    /// <summary>Looks for the native libraries where an engine would, and into the files as an engine would before it loads them. Loads nothing.</summary>
    /// <param name="nativeFolder">See <see cref="OnnxGenAIEngineOptions.NativeFolder"/>.</param>
    /// <param name="reason">Why an engine could not be built; <see langword="null"/> when nothing speaks against it.</param>
    /// <returns>Whether both libraries are there, whole, for this processor and recent enough.</returns>
    public static bool IsAvailable(string? nativeFolder, [NotNullWhen(false)] out string? reason)
    {
        try
        {
            NativeLibraryFiles files = NativeLibraryFiles.Locate(nativeFolder);
            NativeFileCheck.CheckOnnxRuntime(files.OnnxRuntime);
            NativeFileCheck.CheckGenAI(files.GenAI);
            reason = null;
            return true;
        }
        catch (OnnxGenAIException error)
        {
            reason = error.Message;
            return false;
        }
    }
}
