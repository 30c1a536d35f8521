using System.Runtime.InteropServices;

namespace KvScheduling.OnnxGenAI;

internal static unsafe partial class NativeMethods
{
    [LibraryImport(Library)]
    public static partial nint OgaCreateGeneratorParams(nint model, out nint parameters);

    [LibraryImport(Library)]
    public static partial void OgaDestroyGeneratorParams(nint parameters);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint OgaGeneratorParamsSetSearchNumber(nint parameters, string name, double value);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint OgaGeneratorParamsSetSearchBool(nint parameters, string name, byte value);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint OgaGeneratorParamsSetGuidance(nint parameters, string type, string data, byte enableFastForward);

    [LibraryImport(Library)]
    public static partial nint OgaCreateGenerator(nint model, nint parameters, out nint generator);

    [LibraryImport(Library)]
    public static partial void OgaDestroyGenerator(nint generator);

    [LibraryImport(Library)]
    public static partial nint OgaGenerator_AppendTokens(nint generator, int* ids, nuint count);

    [LibraryImport(Library)]
    public static partial nint OgaGenerator_GenerateNextToken(nint generator);

    [LibraryImport(Library)]
    public static partial nuint OgaGenerator_GetSequenceCount(nint generator, nuint row);

    [LibraryImport(Library)]
    public static partial int* OgaGenerator_GetSequenceData(nint generator, nuint row);
}
