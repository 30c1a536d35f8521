using System.Buffers.Binary;
using System.Text;

namespace KvScheduling.OnnxGenAI.Tests;

/// <summary>Files that say of themselves that they are shared libraries with these exports. They can be looked into, not loaded.</summary>
internal static class FakeLibrary
{
    private const int HeaderSize = 64;
    private const int SectionSize = 64;
    private const int SymbolSize = 24;

    public static byte[] Elf(IReadOnlyList<string> exports, ushort machine = 62, IReadOnlyList<string>? imports = null)
    {
        List<byte> strings = [0];
        List<byte> symbols = [.. new byte[SymbolSize]];
        AddSymbols(exports, section: 1);
        AddSymbols(imports ?? [], section: 0);
        int symbolOffset = HeaderSize;
        int stringOffset = symbolOffset + symbols.Count;
        int sectionOffset = stringOffset + strings.Count;
        byte[] file = new byte[sectionOffset + (3 * SectionSize)];
        "\u007fELF"u8.CopyTo(file);
        file[4] = 2;
        file[5] = 1;
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(18), machine);
        BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(40), (ulong)sectionOffset);
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(60), 3);
        symbols.CopyTo(file, symbolOffset);
        strings.CopyTo(file, stringOffset);
        WriteSection(file.AsSpan(sectionOffset + SectionSize), type: 11, symbolOffset, symbols.Count, link: 2);
        WriteSection(file.AsSpan(sectionOffset + (2 * SectionSize)), type: 3, stringOffset, strings.Count, link: 0);
        return file;

        void AddSymbols(IReadOnlyList<string> names, ushort section)
        {
            foreach (string name in names)
            {
                byte[] symbol = new byte[SymbolSize];
                BinaryPrimitives.WriteUInt32LittleEndian(symbol, (uint)strings.Count);
                BinaryPrimitives.WriteUInt16LittleEndian(symbol.AsSpan(6), section);
                symbols.AddRange(symbol);
                strings.AddRange(Encoding.UTF8.GetBytes(name));
                strings.Add(0);
            }
        }
    }

    private static void WriteSection(Span<byte> section, uint type, int offset, int size, uint link)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(section[4..], type);
        BinaryPrimitives.WriteUInt64LittleEndian(section[24..], (ulong)offset);
        BinaryPrimitives.WriteUInt64LittleEndian(section[32..], (ulong)size);
        BinaryPrimitives.WriteUInt32LittleEndian(section[40..], link);
    }
}
