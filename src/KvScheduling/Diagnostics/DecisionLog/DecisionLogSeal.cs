using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;

namespace KvScheduling;

/// <summary>Ends every record with a check sum over all records so far, so that a changed byte shows in its own line, whether or not it changes a decision.</summary>
/// <remarks>CRC-32C. It tells damage and careless edits, not forgery.</remarks>
internal sealed class DecisionLogSeal
{
    private const int Digits = 8;
    private static readonly byte[] Name = ",\"crc\":\""u8.ToArray();
    private static readonly byte[] End = "\"}"u8.ToArray();
    private uint _sum;

    /// <summary>Bytes that a seal adds to a record.</summary>
    public static int Length => Name.Length + Digits + End.Length;

    /// <summary>Copies a record and seals it.</summary>
    /// <param name="body">The record without its closing brace.</param>
    /// <param name="line">Receives the line, without a line end: <see cref="Length"/> bytes more than the record.</param>
    public void Seal(ReadOnlySpan<byte> body, Span<byte> line)
    {
        Add(body);
        body.CopyTo(line);
        Span<byte> rest = line[body.Length..];
        Name.CopyTo(rest);
        _sum.TryFormat(rest[Name.Length..], out _, "x8", CultureInfo.InvariantCulture);
        End.CopyTo(rest[(Name.Length + Digits)..]);
    }

    /// <summary>Whether a line is what was sealed behind the lines before it.</summary>
    /// <param name="line">The line, without its line end.</param>
    public bool IsIntact(ReadOnlySpan<byte> line)
    {
        if (line.Length < Length)
        {
            return false;
        }

        ReadOnlySpan<byte> body = line[..^Length];
        Add(body);
        Span<byte> sum = stackalloc byte[Digits];
        _sum.TryFormat(sum, out _, "x8", CultureInfo.InvariantCulture);
        ReadOnlySpan<byte> seal = line[body.Length..];
        return seal.StartsWith(Name) && seal.Slice(Name.Length, Digits).SequenceEqual(sum) && seal.EndsWith(End);
    }

    private void Add(ReadOnlySpan<byte> body)
    {
        for (; body.Length >= sizeof(ulong); body = body[sizeof(ulong)..])
        {
            _sum = BitOperations.Crc32C(_sum, BinaryPrimitives.ReadUInt64LittleEndian(body));
        }

        foreach (byte value in body)
        {
            _sum = BitOperations.Crc32C(_sum, value);
        }
    }
}
