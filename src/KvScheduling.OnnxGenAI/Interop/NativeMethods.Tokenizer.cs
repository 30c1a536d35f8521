using System.Runtime.InteropServices;

namespace KvScheduling.OnnxGenAI;

internal static unsafe partial class NativeMethods
{
    [LibraryImport(Library)]
    public static partial nint OgaCreateTokenizer(nint model, out nint tokenizer);

    [LibraryImport(Library)]
    public static partial void OgaDestroyTokenizer(nint tokenizer);

    [LibraryImport(Library)]
    public static partial nint OgaTokenizerEncode(nint tokenizer, byte* text, nint sequences);

    [LibraryImport(Library)]
    public static partial nint OgaTokenizerDecode(nint tokenizer, int* tokens, nuint count, out byte* text);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint OgaTokenizerApplyChatTemplate(nint tokenizer, string? template, string messages, string? tools, byte addGenerationPrompt, out byte* text);

    [LibraryImport(Library)]
    public static partial nint OgaCreateSequences(out nint sequences);

    [LibraryImport(Library)]
    public static partial void OgaDestroySequences(nint sequences);

    [LibraryImport(Library)]
    public static partial nuint OgaSequencesCount(nint sequences);

    [LibraryImport(Library)]
    public static partial nuint OgaSequencesGetSequenceCount(nint sequences, nuint index);

    [LibraryImport(Library)]
    public static partial int* OgaSequencesGetSequenceData(nint sequences, nuint index);
}
