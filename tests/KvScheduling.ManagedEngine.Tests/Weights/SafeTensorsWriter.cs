using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json.Nodes;

namespace KvScheduling.ManagedEngine.Tests.Weights;

/// <summary>Writes safetensors files for tests.</summary>
internal sealed class SafeTensorsWriter
{
    private readonly List<byte> _data = [];

    public JsonObject Header { get; } = new() { ["__metadata__"] = new JsonObject { ["format"] = "pt" } };

    public void Add(string name, string dtype, int[] shape, ReadOnlySpan<byte> data)
    {
        int start = _data.Count;
        _data.AddRange(data);
        Header[name] = new JsonObject
        {
            ["dtype"] = dtype,
            ["shape"] = new JsonArray([.. shape.Select(dimension => JsonValue.Create(dimension))]),
            ["data_offsets"] = new JsonArray(start, _data.Count),
        };
    }

    public void Add(string name, int[] shape, float[] numbers) => Add(name, "F32", shape, MemoryMarshal.AsBytes(numbers.AsSpan()));

    public byte[] ToBytes()
    {
        byte[] header = Encoding.UTF8.GetBytes(Header.ToJsonString());
        var bytes = new byte[8 + header.Length + _data.Count];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, header.Length);
        header.CopyTo(bytes, 8);
        _data.CopyTo(bytes, 8 + header.Length);
        return bytes;
    }
}
