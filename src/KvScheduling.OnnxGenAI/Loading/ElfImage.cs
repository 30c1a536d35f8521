using System.Buffers.Binary;
using System.Text;

namespace KvScheduling.OnnxGenAI;

/// <summary>What a 64-bit ELF file says about itself, read without loading it.</summary>
/// <remarks>Loading is not a way to find out: a truncated library raises SIGBUS and a wrong one can abort the process in its static initialisers, neither of which managed code can catch.</remarks>
internal sealed class ElfImage
{
    private const int HeaderSize = 64;
    private const int SectionHeaderSize = 64;
    private const int ProgramHeaderSize = 56;
    private const int SymbolSize = 24;
    private const uint LoadSegment = 1;
    private const uint DynamicSymbols = 11;

    private ElfImage(ushort machine, HashSet<string>? exports)
    {
        Machine = machine;
        Exports = exports;
    }

    /// <summary>e_machine: 62 for x86-64, 183 for AArch64.</summary>
    public ushort Machine { get; }

    /// <summary>The names the file defines for others; null when it carries no section table to read them from.</summary>
    public IReadOnlySet<string>? Exports { get; }

    /// <summary>Reads the file's tables.</summary>
    /// <param name="path">The file.</param>
    /// <param name="problem">Why it is not a complete 64-bit ELF file, when it is not.</param>
    public static ElfImage? TryRead(string path, out string? problem)
    {
        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        long length = file.Length;
        Span<byte> header = stackalloc byte[HeaderSize];
        if (length < HeaderSize || !TryReadAt(file, 0, header) || !header.StartsWith("\u007fELF"u8) || header[4] != 2 || header[5] != 1)
        {
            problem = "it is not a 64-bit little-endian ELF library";
            return null;
        }

        ushort machine = BinaryPrimitives.ReadUInt16LittleEndian(header[18..]);
        ulong programOffset = BinaryPrimitives.ReadUInt64LittleEndian(header[32..]);
        ulong sectionOffset = BinaryPrimitives.ReadUInt64LittleEndian(header[40..]);
        int programCount = BinaryPrimitives.ReadUInt16LittleEndian(header[56..]);
        int sectionCount = BinaryPrimitives.ReadUInt16LittleEndian(header[60..]);
        if (!Fits(sectionOffset, (ulong)sectionCount * SectionHeaderSize, length)
            || !Fits(programOffset, (ulong)programCount * ProgramHeaderSize, length)
            || !SegmentsFit(file, programOffset, programCount, length))
        {
            problem = $"it is truncated: its tables point beyond its {length:N0} bytes";
            return null;
        }

        problem = null;
        return new ElfImage(machine, ReadExports(file, sectionOffset, sectionCount, length));
    }

    private static bool SegmentsFit(FileStream file, ulong offset, int count, long length)
    {
        byte[] table = new byte[count * ProgramHeaderSize];
        if (!TryReadAt(file, (long)offset, table))
        {
            return false;
        }

        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> entry = table.AsSpan(i * ProgramHeaderSize, ProgramHeaderSize);
            if (BinaryPrimitives.ReadUInt32LittleEndian(entry) == LoadSegment
                && !Fits(BinaryPrimitives.ReadUInt64LittleEndian(entry[8..]), BinaryPrimitives.ReadUInt64LittleEndian(entry[32..]), length))
            {
                return false;
            }
        }

        return true;
    }

    private static HashSet<string>? ReadExports(FileStream file, ulong offset, int count, long length)
    {
        byte[] sections = new byte[count * SectionHeaderSize];
        if (count == 0 || !TryReadAt(file, (long)offset, sections))
        {
            return null;
        }

        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> section = sections.AsSpan(i * SectionHeaderSize, SectionHeaderSize);
            uint link = BinaryPrimitives.ReadUInt32LittleEndian(section[40..]);
            if (BinaryPrimitives.ReadUInt32LittleEndian(section[4..]) == DynamicSymbols && link < count)
            {
                byte[]? symbols = ReadSection(file, section, length);
                byte[]? strings = ReadSection(file, sections.AsSpan((int)link * SectionHeaderSize, SectionHeaderSize), length);
                return symbols is null || strings is null ? null : DefinedNames(symbols, strings);
            }
        }

        return null;
    }

    private static HashSet<string> DefinedNames(byte[] symbols, byte[] strings)
    {
        HashSet<string> names = new(StringComparer.Ordinal);
        for (int at = 0; at + SymbolSize <= symbols.Length; at += SymbolSize)
        {
            ReadOnlySpan<byte> symbol = symbols.AsSpan(at, SymbolSize);
            uint name = BinaryPrimitives.ReadUInt32LittleEndian(symbol);
            bool isDefined = BinaryPrimitives.ReadUInt16LittleEndian(symbol[6..]) != 0;
            if (isDefined && name != 0 && name < strings.Length)
            {
                ReadOnlySpan<byte> text = strings.AsSpan((int)name);
                int end = text.IndexOf((byte)0);
                names.Add(Encoding.UTF8.GetString(end < 0 ? text : text[..end]));
            }
        }

        return names;
    }

    private static byte[]? ReadSection(FileStream file, ReadOnlySpan<byte> section, long length)
    {
        ulong offset = BinaryPrimitives.ReadUInt64LittleEndian(section[24..]);
        ulong size = BinaryPrimitives.ReadUInt64LittleEndian(section[32..]);
        if (!Fits(offset, size, length) || size > int.MaxValue)
        {
            return null;
        }

        byte[] content = new byte[size];
        return TryReadAt(file, (long)offset, content) ? content : null;
    }

    private static bool Fits(ulong offset, ulong size, long length) => offset <= (ulong)length && size <= (ulong)length - offset;

    private static bool TryReadAt(FileStream file, long offset, Span<byte> target)
    {
        file.Position = offset;
        return file.ReadAtLeast(target, target.Length, throwOnEndOfStream: false) == target.Length;
    }
}
