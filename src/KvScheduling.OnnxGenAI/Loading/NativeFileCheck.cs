using System.Runtime.InteropServices;

namespace KvScheduling.OnnxGenAI;

/// <summary>Looks into the native files before they are loaded, because loading a wrong one can end the process.</summary>
internal static class NativeFileCheck
{
    private const ushort MachineX64 = 62;
    private const ushort MachineArm64 = 183;

    public static void CheckOnnxRuntime(string path)
    {
        IReadOnlySet<string>? exports = CheckImage(path);
        if (exports is not null && !exports.Contains("OrtGetApiBase"))
        {
            throw Refused(path, "it is not ONNX Runtime: it has no OrtGetApiBase");
        }
    }

    public static void CheckGenAI(string path)
    {
        IReadOnlySet<string>? exports = CheckImage(path);
        if (exports is not null && LibraryGeneration.WhyRefused(exports.Contains) is { } reason)
        {
            throw Refused(path, reason);
        }
    }

    public static OnnxGenAIException Refused(string path, string reason) =>
        new($"{path} can't be used: {reason}. ONNX Runtime GenAI 0.18.0 or later with its ONNX Runtime is required; take both files from the same release.");

    // Other systems raise ordinary errors for a broken library, so only ELF is looked into.
    private static IReadOnlySet<string>? CheckImage(string path)
    {
        if (!OperatingSystem.IsLinux())
        {
            return null;
        }

        ElfImage image;
        try
        {
            image = ElfImage.TryRead(path, out string? problem) ?? throw Refused(path, problem!);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new OnnxGenAIException($"{path} could not be read: {error.Message}", error);
        }

        ushort expected = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? MachineArm64 : MachineX64;
        if (image.Machine != expected)
        {
            throw Refused(path, $"it is built for another processor (ELF machine {image.Machine}, this process needs {expected})");
        }

        return image.Exports;
    }
}
