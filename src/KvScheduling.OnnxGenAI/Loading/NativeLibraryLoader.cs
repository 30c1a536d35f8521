using System.Runtime.InteropServices;

namespace KvScheduling.OnnxGenAI;

/// <summary>Loads the native libraries, once per process: checks both files before either is loaded, ONNX Runtime first, then GenAI.</summary>
internal static unsafe class NativeLibraryLoader
{
    /// <summary>The oldest ONNX Runtime that GenAI 0.18.0 was run with. GenAI itself does not refuse an older one.</summary>
    private static readonly Version OldestOnnxRuntime = new(1, 30);

    private static readonly Lock Gate = new();
    private static NativeLibraryFiles? _loaded;
    private static nint _genAI;

    /// <summary>The files the process uses; null before the first load.</summary>
    public static NativeLibraryFiles? Loaded => _loaded;

    /// <summary>Loads the libraries, or makes sure that those loaded are the ones asked for.</summary>
    /// <param name="nativeFolder">See <see cref="OnnxGenAIEngineOptions.NativeFolder"/>.</param>
    /// <param name="allowTelemetry">Whether the libraries may send telemetry. Only the first load decides.</param>
    /// <exception cref="OnnxGenAIException">A file is missing, incomplete, of another kind or too old, or could not be loaded.</exception>
    public static void EnsureLoaded(string? nativeFolder, bool allowTelemetry)
    {
        lock (Gate)
        {
            if (_loaded is not null)
            {
                CheckSameFiles(nativeFolder, _loaded);
                return;
            }

            NativeLibraryFiles files = NativeLibraryFiles.Locate(nativeFolder);
            NativeFileCheck.CheckOnnxRuntime(files.OnnxRuntime);
            NativeFileCheck.CheckGenAI(files.GenAI);
            if (!allowTelemetry)
            {
                // Both libraries collect by default, and the switch in their API comes too late: they open their stores while they load.
                NativeEnvironment.Set("ORT_DISABLE_TELEMETRY", "1");
            }

            // Without this, GenAI prefers any other ONNX Runtime that is already in the process, whatever its version.
            NativeEnvironment.Set("ORT_LIB_PATH", files.OnnxRuntime);
            nint onnxRuntime = Load(files.OnnxRuntime);
            CheckVersion(onnxRuntime, files.OnnxRuntime);
            _genAI = Load(files.GenAI);
            if (LibraryGeneration.WhyRefused(static name => NativeLibrary.TryGetExport(_genAI, name, out _)) is { } reason)
            {
                throw NativeFileCheck.Refused(files.GenAI, reason);
            }

            NativeLibrary.SetDllImportResolver(typeof(NativeLibraryLoader).Assembly, static (name, _, _) => name == NativeMethods.Library ? _genAI : 0);
            _loaded = files;
        }
    }

    internal static void CheckVersion(string text, string path)
    {
        if (!Version.TryParse(text.Split('-', '+')[0], out Version? version) || version < OldestOnnxRuntime)
        {
            throw new OnnxGenAIException(
                $"{path} is ONNX Runtime {text}; {OldestOnnxRuntime} or later is required. Take the libonnxruntime that the GenAI 0.18.0 packages depend on.");
        }
    }

    private static void CheckSameFiles(string? nativeFolder, NativeLibraryFiles loaded)
    {
        if (!string.IsNullOrWhiteSpace(nativeFolder) && NativeLibraryFiles.Locate(nativeFolder) is var asked && asked != loaded)
        {
            throw new OnnxGenAIException(
                $"NativeFolder asks for {asked.GenAI}, but this process has loaded {loaded.GenAI} already. A process uses one copy: give every engine the same folder.");
        }
    }

    private static nint Load(string path)
    {
        try
        {
            return NativeLibrary.Load(path);
        }
        catch (Exception error) when (error is DllNotFoundException or BadImageFormatException)
        {
            throw new OnnxGenAIException(
                $"{path} could not be loaded: {error.Message.Trim()} The libraries need glibc 2.28 or later and libstdc++ on Linux, the Visual C++ runtime on Windows.", error);
        }
    }

    private static void CheckVersion(nint onnxRuntime, string path)
    {
        if (!NativeLibrary.TryGetExport(onnxRuntime, "OrtGetApiBase", out nint entry))
        {
            throw NativeFileCheck.Refused(path, "it is not ONNX Runtime: it has no OrtGetApiBase");
        }

        // OrtApiBase is { GetApi(version), GetVersionString() }.
        nint* apiBase = ((delegate* unmanaged[Cdecl]<nint*>)entry)();
        byte* version = ((delegate* unmanaged[Cdecl]<byte*>)apiBase[1])();
        CheckVersion(Marshal.PtrToStringUTF8((nint)version) ?? "of unknown version", path);
    }
}
