namespace KvScheduling.ManagedEngine;

/// <summary>
/// Walks the fields of one protobuf message inside a mapped file (protobuf encoding: a varint key of field number and wire type, then the value).
/// </summary>
internal ref struct ProtobufReader
{
    private const int MaxVarintBytes = 10;

    private readonly MappedFile _file;
    private readonly long _end;
    private long _position;

    public ProtobufReader(MappedFile file, long start, long length)
    {
        _file = file;
        _position = start;
        _end = start + length;
        if (!file.Holds(start, length))
        {
            throw Damaged();
        }
    }

    /// <summary>The number of the field that <see cref="Next"/> stopped at.</summary>
    public int Field { get; private set; }

    /// <summary>Whether the field has a length and content; otherwise it is a number.</summary>
    public bool IsMessage { get; private set; }

    /// <summary>The value of a number field: of a varint, or the bits of a fixed one.</summary>
    public ulong Number { get; private set; }

    /// <summary>Where the content of a field with a length starts in the file.</summary>
    public long Start { get; private set; }

    /// <summary>The length of the content, in bytes.</summary>
    public long Length { get; private set; }

    public bool Next()
    {
        if (_position >= _end)
        {
            return false;
        }

        ulong key = ReadVarint();
        Field = (int)Math.Min(key >> 3, int.MaxValue);
        IsMessage = false;
        switch (key & 7)
        {
            case 0:
                Number = ReadVarint();
                break;
            case 1:
                Number = ReadFixed(sizeof(ulong));
                break;
            case 5:
                Number = ReadFixed(sizeof(uint));
                break;
            case 2:
                ulong length = ReadVarint();
                if (length > (ulong)(_end - _position))
                {
                    throw Damaged();
                }

                IsMessage = true;
                Start = _position;
                Length = (long)length;
                _position += (long)length;
                break;
            default:
                throw Damaged();
        }

        return true;
    }

    /// <summary>The content as text.</summary>
    public readonly string ReadText()
    {
        if (!IsMessage || Length > ushort.MaxValue)
        {
            throw Damaged();
        }

        return System.Text.Encoding.UTF8.GetString(_file.Span(Start, (int)Length));
    }

    /// <summary>A reader over the content.</summary>
    public readonly ProtobufReader Enter() => IsMessage ? new ProtobufReader(_file, Start, Length) : throw Damaged();

    /// <summary>Adds a repeated number field, packed or not.</summary>
    public readonly void AddNumbers(List<long> numbers)
    {
        if (!IsMessage)
        {
            numbers.Add((long)Number);
            return;
        }

        ProtobufReader packed = Enter();
        while (packed._position < packed._end)
        {
            numbers.Add((long)packed.ReadVarint());
        }
    }

    private readonly ModelFolderException Damaged() =>
        new(_file.Path, null, $"not a valid ONNX graph near byte {_position}; the file is truncated or damaged.");

    private ulong ReadVarint()
    {
        ulong value = 0;
        ReadOnlySpan<byte> bytes = _file.Span(_position, (int)Math.Min(MaxVarintBytes, _end - _position));
        for (int i = 0; i < bytes.Length; i++)
        {
            value |= (ulong)(bytes[i] & 0x7F) << (7 * i);
            if (bytes[i] < 0x80)
            {
                _position += i + 1;
                return value;
            }
        }

        throw Damaged();
    }

    private ulong ReadFixed(int size)
    {
        if (_end - _position < size)
        {
            throw Damaged();
        }

        ReadOnlySpan<byte> bytes = _file.Span(_position, size);
        _position += size;
        return size == sizeof(uint)
            ? System.Buffers.Binary.BinaryPrimitives.ReadUInt32LittleEndian(bytes)
            : System.Buffers.Binary.BinaryPrimitives.ReadUInt64LittleEndian(bytes);
    }
}
