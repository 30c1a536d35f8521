using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

[assembly: DisableRuntimeMarshalling]

namespace KvScheduling.OnnxGenAI;

/// <summary>The native C API of ONNX Runtime GenAI 0.18, native names kept. A function that returns <see cref="nint"/> returns an OgaResult: 0 is success, anything else goes to <see cref="NativeResult.Check"/>.</summary>
/// <remarks>Bound through the resolver that <see cref="NativeLibraryLoader"/> installs; nothing here may be called before it has loaded the library.</remarks>
internal static unsafe partial class NativeMethods
{
    public const string Library = "onnxruntime-genai";

    [LibraryImport(Library)]
    public static partial byte* OgaResultGetError(nint result);

    [LibraryImport(Library)]
    public static partial void OgaDestroyResult(nint result);

    [LibraryImport(Library)]
    public static partial void OgaDestroyString(byte* text);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint OgaCreateConfig(string directory, out nint config);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint OgaConfigOverlay(nint config, string json);

    [LibraryImport(Library)]
    public static partial nint OgaConfigClearProviders(nint config);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint OgaConfigAppendProvider(nint config, string provider);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint OgaConfigSetProviderOption(nint config, string provider, string key, string value);

    [LibraryImport(Library)]
    public static partial void OgaDestroyConfig(nint config);

    [LibraryImport(Library)]
    public static partial nint OgaCreateModelFromConfig(nint config, out nint model);

    [LibraryImport(Library)]
    public static partial void OgaDestroyModel(nint model);
}
