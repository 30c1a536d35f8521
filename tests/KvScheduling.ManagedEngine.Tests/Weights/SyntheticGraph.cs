using System.Runtime.InteropServices;
using System.Text.Json.Nodes;

namespace KvScheduling.ManagedEngine.Tests.Weights;

/// <summary>
/// The <see cref="SyntheticModel"/> as the GenAI model builder would write it: float32, or 4-bit blocks; one norm weight inside the graph, the rest in a data
/// file.
/// </summary>
internal sealed class SyntheticGraph
{
    public const string Config = """
        {"model":{"type":"llama","eos_token_id":7,"vocab_size":40,"context_length":128,"decoder":{"filename":"model.onnx","head_size":16,"hidden_size":64,
         "num_attention_heads":4,"num_hidden_layers":1,"num_key_value_heads":2}}}
        """;

    private readonly List<byte> _data = [];
    private readonly bool _isInt4;

    public SyntheticGraph(Dictionary<string, (int[] Shape, float[] Numbers)> tensors, bool isInt4 = false)
    {
        _isInt4 = isInt4;
        string layer = "model.layers.0.";
        string attention = layer + "self_attn.";
        bool isTied = !tensors.ContainsKey("lm_head.weight");
        if (!isTied)
        {
            Add("model.embed_tokens.weight", [40, 64], tensors["model.embed_tokens.weight"].Numbers);
        }

        Vector(layer + "input_layernorm.weight", tensors[layer + "input_layernorm.weight"].Numbers);
        Add(layer + "post_attention_layernorm.weight", [64], tensors[layer + "post_attention_layernorm.weight"].Numbers);
        Add("model.layers.1.final_norm_layernorm.weight", [64], tensors["model.norm.weight"].Numbers);
        string[] projections = ["q_proj", "k_proj", "v_proj"];
        Matrix(layer + "attn.qkv_proj", 64, [.. projections.SelectMany(name => tensors[$"{attention}{name}.weight"].Numbers)]);
        if (tensors.ContainsKey(attention + "q_proj.bias"))
        {
            Add(layer + "attn.qkv_proj.Add.bias", [128], [.. projections.SelectMany(name => tensors[$"{attention}{name}.bias"].Numbers)]);
        }

        Matrix(layer + "attn.o_proj", 64, tensors[attention + "o_proj.weight"].Numbers);
        foreach (string name in (string[])["gate_proj", "up_proj", "down_proj"])
        {
            Matrix($"{layer}mlp.{name}", name == "down_proj" ? 96 : 64, tensors[$"{layer}mlp.{name}.weight"].Numbers);
        }

        Matrix("lm_head", 64, tensors[isTied ? "model.embed_tokens.weight" : "lm_head.weight"].Numbers);
        float[] cosines = [.. Enumerable.Range(0, 128 * 8).Select(i => (float)Math.Cos(i))];
        float[] sines = [.. Enumerable.Range(0, 128 * 8).Select(i => (float)Math.Sin(i))];
        Add("cos_cache", [128, 8], cosines);
        Add("sin_cache", [128, 8], sines);
        Node("/norm", "SkipSimplifiedLayerNormalization", [], new() { ["epsilon"] = 1e-5f });
        var attributes = new Dictionary<string, object> { ["num_heads"] = 4L, ["kv_num_heads"] = 2L, ["do_rotary"] = 1L, ["scale"] = 0.25f };
        attributes["local_window_size"] = -1L;
        attributes["softcap"] = 0f;
        Node("/attention", "GroupQueryAttention", [], attributes);
    }

    /// <summary>Nodes by name: operator, inputs, attributes. Tests change them.</summary>
    public Dictionary<string, (string Operator, string[] Inputs, Dictionary<string, object> Attributes)> Nodes { get; } = [];

    /// <summary>Tensors by name: type, shape, external place or data. Tests change them.</summary>
    public Dictionary<string, (int Type, long[] Shape, long Offset, long Length, byte[]? Raw)> Tensors { get; } = [];

    public string Location { get; set; } = "model.onnx.data";

    public TemporaryFolder Folder(string? config = null)
    {
        var folder = new TemporaryFolder();
        folder.Write("genai_config.json", config ?? Config);
        folder.Write("model.onnx", ToBytes());
        folder.Write("model.onnx.data", [.. _data]);
        return folder;
    }

    public static JsonObject ConfigOf(string path, string? value)
    {
        JsonObject config = JsonNode.Parse(Config)!.AsObject();
        string[] parts = path.Split('.');
        JsonNode parent = parts[..^1].Aggregate((JsonNode)config, (node, part) => node[part]!);
        parent.AsObject().Remove(parts[^1]);
        if (value is not null)
        {
            parent[parts[^1]] = JsonNode.Parse(value);
        }

        return config;
    }

    /// <summary>What a row of 32-blocks stands for after it was rounded to 4 bits.</summary>
    public static (byte[] Packed, float[] Scales, float[] Values) Quantize(ReadOnlySpan<float> row)
    {
        var packed = new byte[row.Length / 2];
        var scales = new float[row.Length / 32];
        var values = new float[row.Length];
        for (int i = 0; i < row.Length; i++)
        {
            float scale = scales[i / 32] = (1 + (i / 32)) / 16f;
            int q = Math.Clamp((int)MathF.Round(row[i] / scale) + 8, 0, 15);
            packed[i / 2] |= (byte)(i % 2 == 0 ? q : q << 4);
            values[i] = (q - 8) * scale;
        }

        return (packed, scales, values);
    }

    private void Vector(string name, float[] numbers) => Tensors[name] = (1, [numbers.Length], 0, 0, MemoryMarshal.AsBytes(numbers.AsSpan()).ToArray());

    private void Add(string name, long[] shape, float[] numbers) => AddBytes(name, 1, shape, MemoryMarshal.AsBytes(numbers.AsSpan()));

    private void AddBytes(string name, int type, long[] shape, ReadOnlySpan<byte> bytes)
    {
        Tensors[name] = (type, shape, _data.Count, bytes.Length, null);
        _data.AddRange(bytes);
    }

    private void Matrix(string name, int columns, float[] numbers)
    {
        int rows = numbers.Length / columns;
        if (_isInt4)
        {
            var quantized = Enumerable.Range(0, rows).Select(row => Quantize(numbers.AsSpan(row * columns, columns))).ToList();
            AddBytes($"{name}.MatMul.weight_Q4", 2, [rows, columns / 32, 16], quantized.SelectMany(row => row.Packed).ToArray());
            Add($"{name}.MatMul.weight_scales", [rows, columns / 32], [.. quantized.SelectMany(row => row.Scales)]);
            string[] inputs = ["x", $"{name}.MatMul.weight_Q4", $"{name}.MatMul.weight_scales"];
            Node($"/{name}", "MatMulNBits", inputs, new() { ["K"] = (long)columns, ["N"] = (long)rows, ["bits"] = 4L, ["block_size"] = 32L });
            return;
        }

        Add($"{name}.MatMul.weight", [columns, rows], [.. Enumerable.Range(0, numbers.Length).Select(i => numbers[((i % rows) * columns) + (i / rows)])]);
        Node($"/{name}", "MatMul", ["x", $"{name}.MatMul.weight"], []);
    }

    private void Node(string name, string type, string[] inputs, Dictionary<string, object> attributes) => Nodes[name] = (type, inputs, attributes);

    private byte[] ToBytes()
    {
        var graph = new ProtobufWriter();
        foreach ((string name, (string type, string[] inputs, Dictionary<string, object> attributes)) in Nodes)
        {
            var node = new ProtobufWriter().Text(3, name).Text(4, type);
            foreach (string input in inputs)
            {
                node.Text(1, input);
            }

            foreach ((string attribute, object value) in attributes)
            {
                var field = new ProtobufWriter().Text(1, attribute);
                node.Message(5, value is float number ? field.Single(2, number) : field.Number(3, (long)value));
            }

            graph.Message(1, node);
        }

        foreach ((string name, (int type, long[] shape, long offset, long length, byte[]? raw)) in Tensors)
        {
            var tensor = new ProtobufWriter().Number(2, type).Text(8, name);
            foreach (long dimension in shape)
            {
                tensor.Number(1, dimension);
            }

            if (raw is not null)
            {
                tensor.Bytes(9, raw);
            }
            else
            {
                tensor.Message(13, Entry("location", Location))
                    .Message(13, Entry("offset", $"{offset}")).Message(13, Entry("length", $"{length}")).Number(14, 1);
            }

            graph.Message(5, tensor);
        }

        return new ProtobufWriter().Number(1, 10).Text(2, "test").Message(7, graph).ToBytes();
    }

    private static ProtobufWriter Entry(string key, string value) => new ProtobufWriter().Text(1, key).Text(2, value);
}
