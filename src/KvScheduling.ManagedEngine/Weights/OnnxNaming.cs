using System.Globalization;

namespace KvScheduling.ManagedEngine;

/// <summary>Where a Hugging Face tensor lies in a graph: a name, and the rows of it when several tensors are packed into one.</summary>
/// <param name="Name">The graph's name for the stored tensor, without a suffix for its quantisation.</param>
/// <param name="FirstRow">The first output row of the tensor within the packed one.</param>
/// <param name="PackedRows">Output rows of the packed tensor.</param>
/// <param name="IsTransposed">Whether floats are stored as [inputs, outputs], as MatMul wants them.</param>
internal readonly record struct OnnxPlace(string Name, int FirstRow, int PackedRows, bool IsTransposed);

/// <summary>The names that a writer of ONNX models gives to weights.</summary>
internal abstract class OnnxNaming
{
    private const string LayerPrefix = "model.layers.";

    /// <summary>The name under which the gate projection of the first layer is stored, and how many times the intermediate size it has outputs.</summary>
    public abstract (string Name, int Parts) FirstGate { get; }

    /// <summary>Recognises the writer by its names.</summary>
    public static OnnxNaming? Of(OnnxGraph graph)
    {
        if (graph.Contains("model.layers.0.input_layernorm.weight"))
        {
            return new BuilderNaming(graph);
        }

        return graph.Contains("emb_h") && graph.Contains("qkv0_h") ? new CompactNaming() : null;
    }

    /// <summary>The place of a tensor, or <see langword="null"/> when this writer has no such tensor in this graph.</summary>
    public abstract OnnxPlace? Find(TensorExpectation tensor, ModelConfig config);

    /// <summary>Rows of q, k and v in their packed matrix.</summary>
    protected static (int First, int Rows) Packed(string projection, ModelConfig config)
    {
        int queries = config.QueryHeads * config.HeadSize;
        int keys = config.KvHeads * config.HeadSize;
        int first = projection switch
        {
            "q_proj" => 0,
            "k_proj" => queries,
            _ => queries + keys,
        };
        return (first, queries + (2 * keys));
    }

    /// <summary>Splits <c>model.layers.3.self_attn.q_proj.weight</c> into 3 and its rest.</summary>
    protected static bool TrySplit(string name, out int layer, out string rest)
    {
        layer = 0;
        rest = "";
        if (!name.StartsWith(LayerPrefix, StringComparison.Ordinal))
        {
            return false;
        }

        int dot = name.IndexOf('.', LayerPrefix.Length);
        layer = int.Parse(name.AsSpan(LayerPrefix.Length, dot - LayerPrefix.Length), NumberStyles.None, CultureInfo.InvariantCulture);
        rest = name[(dot + 1)..];
        return true;
    }
}

/// <summary>The names of the ONNX Runtime GenAI model builder.</summary>
internal sealed class BuilderNaming(OnnxGraph graph) : OnnxNaming
{
    private const string Embedding = "model.embed_tokens.weight";
    private const string Head = "lm_head.MatMul.weight";

    private readonly bool _hasOwnEmbedding = graph.Contains(Embedding)
        || graph.Nodes.Exists(
            node => node is { OperatorType: "GatherBlockQuantized", Inputs: [var data, ..] } && data.StartsWith(Embedding, StringComparison.Ordinal));

    public override (string Name, int Parts) FirstGate => ("model.layers.0.mlp.gate_proj.MatMul.weight", 1);

    public override OnnxPlace? Find(TensorExpectation tensor, ModelConfig config)
    {
        switch (tensor.Name)
        {
            case Embedding:
                return _hasOwnEmbedding ? Whole(Embedding, tensor, isTransposed: false) : Whole(Head, tensor, isTransposed: true);
            case "lm_head.weight":
                return _hasOwnEmbedding ? Whole(Head, tensor, isTransposed: true) : null;
            case "model.norm.weight":
                return Whole($"model.layers.{config.LayerCount}.final_norm_layernorm.weight", tensor, isTransposed: false);
            default:
                break;
        }

        TrySplit(tensor.Name, out int layer, out string rest);
        string prefix = $"model.layers.{layer}.";
        string[] parts = rest.Split('.');
        if (parts is ["self_attn", "q_proj" or "k_proj" or "v_proj", var kind])
        {
            string suffix = kind == "bias" ? ".Add.bias" : ".MatMul.weight";
            string packed = $"{prefix}attn.qkv_proj{suffix}";
            if (graph.Contains($"{prefix}attn.{parts[1]}{suffix}"))
            {
                return Whole($"{prefix}attn.{parts[1]}{suffix}", tensor, isTransposed: kind != "bias");
            }

            (int first, int rows) = Packed(parts[1], config);
            return new OnnxPlace(packed, first, rows, IsTransposed: kind != "bias");
        }

        return parts switch
        {
            ["self_attn", "q_norm" or "k_norm", "weight"] => Whole($"{prefix}attn.{parts[1]}.layernorm.weight", tensor, isTransposed: false),
            ["self_attn", "o_proj", "weight"] => Whole($"{prefix}attn.o_proj.MatMul.weight", tensor, isTransposed: true),
            ["mlp", _, "weight"] => Whole($"{prefix}mlp.{parts[1]}.MatMul.weight", tensor, isTransposed: true),
            _ => Whole(tensor.Name, tensor, isTransposed: false),
        };
    }

    private static OnnxPlace Whole(string name, TensorExpectation tensor, bool isTransposed) =>
        new(name, 0, tensor.IsVector ? tensor.Columns : tensor.Rows, isTransposed);
}

/// <summary>The short names of hand-written exporters: <c>emb</c>, <c>qkv0</c>, <c>gu0</c> (gate, then up), float16 behind a cast.</summary>
internal sealed class CompactNaming : OnnxNaming
{
    public override (string Name, int Parts) FirstGate => ("gu0_h", 2);

    public override OnnxPlace? Find(TensorExpectation tensor, ModelConfig config)
    {
        int rows = tensor.IsVector ? tensor.Columns : tensor.Rows;
        if (!TrySplit(tensor.Name, out int layer, out string rest))
        {
            return tensor.Name switch
            {
                "model.embed_tokens.weight" => new OnnxPlace("emb_h", 0, rows, IsTransposed: false),
                "model.norm.weight" => new OnnxPlace("nf_h", 0, rows, IsTransposed: false),
                _ => null,
            };
        }

        switch (rest)
        {
            case "self_attn.q_proj.weight" or "self_attn.k_proj.weight" or "self_attn.v_proj.weight":
                (int first, int packed) = Packed(rest.Split('.')[1], config);
                return new OnnxPlace($"qkv{layer}_h", first, packed, IsTransposed: true);
            case "self_attn.o_proj.weight":
                return new OnnxPlace($"o{layer}_h", 0, rows, IsTransposed: true);
            case "mlp.gate_proj.weight":
                return new OnnxPlace($"gu{layer}_h", 0, 2 * rows, IsTransposed: true);
            case "mlp.up_proj.weight":
                return new OnnxPlace($"gu{layer}_h", rows, 2 * rows, IsTransposed: true);
            case "mlp.down_proj.weight":
                return new OnnxPlace($"d{layer}_h", 0, rows, IsTransposed: true);
            case "input_layernorm.weight":
                return new OnnxPlace($"n1{layer}_h", 0, rows, IsTransposed: false);
            case "post_attention_layernorm.weight":
                return new OnnxPlace($"n2{layer}_h", 0, rows, IsTransposed: false);
            default:
                return null;
        }
    }
}
