using System.Buffers.Binary;
using System.Text.Json;

namespace KvScheduling.ManagedEngine.Tests;

/// <summary>A model of this repository or of the zoo, read without the library's own loader, so that the numeric tests stand by themselves.</summary>
internal sealed class SafetensorsSource : IWeightSource
{
    private readonly byte[] _data;
    private readonly int _start;
    private readonly Dictionary<string, (string Type, int[] Shape, int Begin)> _tensors = [];

    public SafetensorsSource(string folder)
    {
        Config = ReadConfig(Path.Combine(folder, "config.json"));
        _data = File.ReadAllBytes(Path.Combine(folder, "model.safetensors"));
        int header = checked((int)BinaryPrimitives.ReadInt64LittleEndian(_data));
        _start = 8 + header;
        using JsonDocument document = JsonDocument.Parse(_data.AsMemory(8, header));
        foreach (JsonProperty tensor in document.RootElement.EnumerateObject().Where(t => t.Name != "__metadata__"))
        {
            int[] shape = tensor.Value.GetProperty("shape").EnumerateArray().Select(e => e.GetInt32()).ToArray();
            _tensors[tensor.Name] = (tensor.Value.GetProperty("dtype").GetString()!, shape, tensor.Value.GetProperty("data_offsets")[0].GetInt32());
        }
    }

    public ModelConfig Config { get; init; }

    public bool Contains(string name) => _tensors.ContainsKey(name);

    public bool IsInt4(string name) => false;

    public void ReadRow(string name, int row, Span<float> destination)
    {
        (string type, int[] shape, int begin) = _tensors[name];
        Assert.Equal(shape[^1], destination.Length);
        int size = type == "F32" ? 4 : 2;
        ReadOnlySpan<byte> source = _data.AsSpan(_start + begin + (row * destination.Length * size), destination.Length * size);
        for (int i = 0; i < destination.Length; i++)
        {
            destination[i] = type switch
            {
                "F32" => BinaryPrimitives.ReadSingleLittleEndian(source[(4 * i)..]),
                "F16" => (float)BinaryPrimitives.ReadHalfLittleEndian(source[(2 * i)..]),
                _ => BitConverter.UInt32BitsToSingle((uint)BinaryPrimitives.ReadUInt16LittleEndian(source[(2 * i)..]) << 16),
            };
        }
    }

    public void ReadInt4Row(string name, int row, Span<byte> packed, Span<float> scales) => throw new InvalidOperationException();

    public void Dispose()
    {
    }

    private static ModelConfig ReadConfig(string path)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
        JsonElement root = document.RootElement;
        int Number(string name) => root.GetProperty(name).GetInt32();
        JsonElement end = root.GetProperty("eos_token_id");
        return new ModelConfig
        {
            Architecture = root.GetProperty("architectures")[0].GetString()!,
            HiddenSize = Number("hidden_size"),
            IntermediateSize = Number("intermediate_size"),
            LayerCount = Number("num_hidden_layers"),
            QueryHeads = Number("num_attention_heads"),
            KvHeads = Number("num_key_value_heads"),
            HeadSize = Number("head_dim"),
            VocabularySize = Number("vocab_size"),
            MaxContextTokens = Number("max_position_embeddings"),
            NormEpsilon = root.GetProperty("rms_norm_eps").GetSingle(),
            RopeTheta = root.GetProperty("rope_theta").GetDouble(),
            EndTokens = end.ValueKind == JsonValueKind.Array ? end.EnumerateArray().Select(e => e.GetInt32()).ToArray() : [end.GetInt32()],
        };
    }
}
