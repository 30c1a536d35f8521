using System.Buffers.Binary;
using System.Text;

namespace KvScheduling.OnnxGenAI.Tests;

/// <summary>A library that can be loaded (Linux, x64) and says that it is ONNX Runtime of some version; it can do nothing else.</summary>
internal static class FakeOnnxRuntime
{
    private const int DataOffset = 0x1000;
    private const int SymbolsOffset = 0x200;
    private const int StringsOffset = 0x300;
    private const int HashOffset = 0x400;
    private const int CodeOffset = 0x500;
    private const int VersionOffset = 0x600;
    private const int DynamicSize = 6 * 16;
    private const int TableOffset = DataOffset + DynamicSize;
    private const int SectionsOffset = TableOffset + 16;
    private const string Export = "OrtGetApiBase";

    public static byte[] Create(string version)
    {
        byte[] file = new byte[SectionsOffset + (3 * 64)];
        WriteHeader(file);
        WriteCode(file);
        Encoding.ASCII.GetBytes(version, file.AsSpan(VersionOffset));
        Encoding.ASCII.GetBytes(Export, file.AsSpan(StringsOffset + 1));

        // The second symbol is the export: its name, global function, defined in section 1, at the third function below.
        Write32(file, SymbolsOffset + 24, 1);
        file[SymbolsOffset + 28] = 0x12;
        file[SymbolsOffset + 30] = 1;
        Write64(file, SymbolsOffset + 32, CodeOffset + 16);

        // One bucket, which holds the export.
        Write32(file, HashOffset, 1);
        Write32(file, HashOffset + 4, 2);
        Write32(file, HashOffset + 8, 1);

        (long Tag, long Value)[] dynamic = [(4, HashOffset), (5, StringsOffset), (6, SymbolsOffset), (10, 1 + Export.Length + 1), (11, 24), (0, 0)];
        for (int i = 0; i < dynamic.Length; i++)
        {
            Write64(file, DataOffset + (16 * i), dynamic[i].Tag);
            Write64(file, DataOffset + (16 * i) + 8, dynamic[i].Value);
        }

        WriteSection(file, 1, type: 11, SymbolsOffset, 48, link: 2);
        WriteSection(file, 2, type: 3, StringsOffset, 1 + Export.Length + 1, link: 0);
        return file;
    }

    private static void WriteHeader(byte[] file)
    {
        "\u007fELF\u0002\u0001\u0001"u8.CopyTo(file);
        file[16] = 3;
        file[18] = 62;
        file[20] = 1;
        Write64(file, 32, 64);
        Write64(file, 40, SectionsOffset);
        file[52] = 64;
        file[54] = 56;
        file[56] = 4;
        file[58] = 64;
        file[60] = 3;

        // Text that is read and run, data that is read and written, the dynamic table, and no executable stack.
        WriteSegment(file, 0, type: 1, flags: 5, 0, DataOffset);
        WriteSegment(file, 1, type: 1, flags: 6, DataOffset, DynamicSize + 16);
        WriteSegment(file, 2, type: 2, flags: 6, DataOffset, DynamicSize);
        WriteSegment(file, 3, type: 0x6474e551, flags: 6, 0, 0);
    }

    /// <summary>GetApi returns null, GetVersionString the text, OrtGetApiBase fills a table with both and returns it.</summary>
    private static void WriteCode(byte[] file)
    {
        int at = CodeOffset;
        Emit(0x31, 0xC0, 0xC3);
        at = CodeOffset + 4;
        EmitAddress(0x05, VersionOffset);
        Emit(0xC3);
        at = CodeOffset + 16;
        EmitAddress(0x05, TableOffset);
        EmitAddress(0x0D, CodeOffset);
        Emit(0x48, 0x89, 0x08);
        EmitAddress(0x0D, CodeOffset + 4);
        Emit(0x48, 0x89, 0x48, 0x08, 0xC3);

        void Emit(params ReadOnlySpan<byte> code)
        {
            code.CopyTo(file.AsSpan(at));
            at += code.Length;
        }

        // lea register, [rip + distance]
        void EmitAddress(byte register, int target)
        {
            Emit(0x48, 0x8D, register);
            Write32(file, at, target - (at + 4));
            at += 4;
        }
    }

    private static void WriteSegment(byte[] file, int index, int type, int flags, int offset, int size)
    {
        int at = 64 + (index * 56);
        Write32(file, at, type);
        Write32(file, at + 4, flags);
        Write64(file, at + 8, offset);
        Write64(file, at + 16, offset);
        Write64(file, at + 24, offset);
        Write64(file, at + 32, size);
        Write64(file, at + 40, size);
        Write64(file, at + 48, type == 1 ? 0x1000 : 8);
    }

    private static void WriteSection(byte[] file, int index, int type, int offset, int size, int link)
    {
        int at = SectionsOffset + (index * 64);
        Write32(file, at + 4, type);
        Write64(file, at + 24, offset);
        Write64(file, at + 32, size);
        Write32(file, at + 40, link);
    }

    private static void Write32(byte[] file, int at, int value) => BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(at), value);

    private static void Write64(byte[] file, int at, long value) => BinaryPrimitives.WriteInt64LittleEndian(file.AsSpan(at), value);
}
