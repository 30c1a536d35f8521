using System.Buffers.Binary;
using System.Text.Json;

namespace KvScheduling.ManagedEngine;

/// <summary>
/// One safetensors file: a little-endian 8-byte header length n, n bytes of JSON <c>{name: {dtype, shape, data_offsets: [begin, end)}}</c>, then the data
/// that the offsets count from.
/// </summary>
internal sealed class SafeTensorsFile : IDisposable
{
    private const int LengthBytes = 8;
    private const long MaxHeaderBytes = 100_000_000;

    private readonly Dictionary<string, StoredTensor> _tensors = new(StringComparer.Ordinal);

    private SafeTensorsFile(MappedFile file) => File = file;

    public MappedFile File { get; }

    public IReadOnlyDictionary<string, StoredTensor> Tensors => _tensors;

    public static SafeTensorsFile Open(string path)
    {
        MappedFile mapped = MappedFile.Open(path);
        try
        {
            var file = new SafeTensorsFile(mapped);
            file.ReadHeader();
            return file;
        }
        catch
        {
            mapped.Dispose();
            throw;
        }
    }

    public void Dispose() => File.Dispose();

    private void ReadHeader()
    {
        if (File.Length < LengthBytes)
        {
            throw new ModelFolderException(File.Path, "header length", $"the file has {File.Length} bytes; it is truncated.");
        }

        long headerBytes = BinaryPrimitives.ReadInt64LittleEndian(File.Span(0, LengthBytes));
        if (headerBytes < 2 || headerBytes > MaxHeaderBytes || headerBytes > File.Length - LengthBytes)
        {
            throw new ModelFolderException(File.Path, "header length",
                $"{headerBytes} bytes in a file of {File.Length}; the file is truncated or not safetensors.");
        }

        long dataStart = LengthBytes + headerBytes;
        using JsonFile header = JsonFile.Parse(File.Path, File.Span(LengthBytes, (int)headerBytes).ToArray());
        foreach (JsonProperty property in header.Root.EnumerateObject())
        {
            string name = header.NameOf(property);
            if (name != "__metadata__" && !_tensors.TryAdd(name, ReadTensor(header, name, property.Value, dataStart)))
            {
                throw header.Error(name, "listed twice.");
            }
        }
    }

    private StoredTensor ReadTensor(JsonFile header, string name, JsonElement tensor, long dataStart)
    {
        string dtype = header.Text(tensor, "dtype", $"{name}.dtype");
        long[] shape = ReadNumbers(header, tensor, "shape", $"{name}.shape");
        long[] offsets = ReadNumbers(header, tensor, "data_offsets", $"{name}.data_offsets");
        if (offsets.Length != 2 || offsets[1] < offsets[0])
        {
            throw header.Error($"{name}.data_offsets", "must be [begin, end) with begin not after end.");
        }

        long bytes = offsets[1] - offsets[0];
        if (!File.Holds(dataStart, offsets[1]))
        {
            throw header.Error($"{name}.data_offsets",
                $"end {offsets[1]} lies beyond the {File.Length - dataStart} data bytes of the file; it is truncated or damaged.");
        }

        NumberFormat? format = dtype switch
        {
            "F32" => NumberFormat.Float32,
            "F16" => NumberFormat.Float16,
            "BF16" => NumberFormat.BFloat16,
            _ => null,
        };

        // Tensors of other types may lie in the file as long as the model does not use them.
        if (format is { } known && !IsSizeOf(shape, FloatRows.Size(known), bytes))
        {
            throw header.Error($"{name}.shape", $"[{string.Join(", ", shape)}] of {dtype} does not take the {bytes} bytes of data_offsets.");
        }

        return new StoredTensor(File, dataStart + offsets[0], bytes, shape, format, dtype);
    }

    private static bool IsSizeOf(long[] shape, int size, long bytes)
    {
        Int128 expected = size;
        foreach (long dimension in shape)
        {
            expected *= dimension;
            if (expected > long.MaxValue)
            {
                return false;
            }
        }

        return expected == bytes;
    }

    private static long[] ReadNumbers(JsonFile header, JsonElement parent, string name, string field)
    {
        if (JsonFile.Find(parent, name) is not { ValueKind: JsonValueKind.Array } list || list.GetArrayLength() > 8)
        {
            throw header.Error(field, "must be a short list of numbers.");
        }

        var numbers = new long[list.GetArrayLength()];
        int count = 0;
        foreach (JsonElement item in list.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Number || !item.TryGetInt64(out long number) || number < 0)
            {
                throw header.Error(field, $"{item.GetRawText()} is not a whole number from 0 on.");
            }

            numbers[count++] = number;
        }

        return numbers;
    }
}
