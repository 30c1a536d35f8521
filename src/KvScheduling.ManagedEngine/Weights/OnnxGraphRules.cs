using System.Collections.Frozen;

namespace KvScheduling.ManagedEngine;

/// <summary>
/// What a graph must look like for its weights to mean what the engine computes. The engine does not run the graph; it takes only weights from it.
/// </summary>
internal static class OnnxGraphRules
{
    private static readonly FrozenSet<string> KnownOperators = FrozenSet.ToFrozenSet(
        [
            // The transformer itself.
            "Gather", "GatherBlockQuantized", "MatMul", "MatMulNBits", "Add", "Mul", "Sigmoid", "Split", "SimplifiedLayerNormalization",
            "SkipSimplifiedLayerNormalization", "GroupQueryAttention", "RotaryEmbedding", "Softmax",

            // Shapes, masks and positions, also those of attention over block tables written with ordinary operators.
            "Cast", "Compress", "Concat", "Constant", "Cos", "Div", "Equal", "Expand", "GatherElements", "GatherND", "GreaterOrEqual", "Less",
            "Loop", "Min", "Mod", "Not", "Range", "ReduceMax", "ReduceSum", "Reshape", "ScatterElements", "ScatterND", "Shape", "Sin", "Slice",
            "Squeeze", "Sub", "Transpose", "Unsqueeze", "Where",
        ],
        StringComparer.Ordinal);

    // Both operators of 4-bit weights: data, scales and what is multiplied or looked up. Everything after these is optional.
    private const int BlockInputs = 3;

    public static void Check(OnnxGraph graph, ModelConfig config)
    {
        foreach (OnnxNode node in graph.Nodes)
        {
            if (!KnownOperators.Contains(node.OperatorType))
            {
                throw Refuse(graph, node, $"operator {node.OperatorType} is not supported.");
            }

            if (node.OperatorType == "GroupQueryAttention")
            {
                CheckAttention(graph, node, config);
            }
            else if (node.OperatorType == "RotaryEmbedding")
            {
                RequireZero(graph, node, "interleaved");
                RequireZero(graph, node, "rotary_embedding_dim");
            }
        }
    }

    /// <summary>The epsilon that every norm of the graph agrees on.</summary>
    public static float ReadNormEpsilon(OnnxGraph graph)
    {
        float? epsilon = null;
        foreach (OnnxNode node in graph.Nodes)
        {
            if (node.OperatorType is "SimplifiedLayerNormalization" or "SkipSimplifiedLayerNormalization")
            {
                double value = node.Attribute("epsilon", double.NaN);
                if (!(value > 0) || (epsilon is not null && epsilon != (float)value))
                {
                    throw Refuse(graph, node, "attribute epsilon is missing, not above 0 or not the same in every norm.");
                }

                epsilon = (float)value;
            }
        }

        return epsilon ?? throw new ModelFolderException(graph.Path, "graph", "has no SimplifiedLayerNormalization; it is not a model of this family.");
    }

    /// <summary>Refuses a 4-bit weight that is not stored in symmetric blocks of 32.</summary>
    public static void CheckBlocks(OnnxGraph graph, OnnxNode node)
    {
        Require(graph, node, "bits", 4, "Build the model with -p int4.");
        Require(graph, node, "block_size", Int4Blocks.BlockSize, "Build the model with --extra_options int4_block_size=32.");
        for (int i = BlockInputs; i < node.Inputs.Count; i++)
        {
            if (node.Inputs[i].Length > 0)
            {
                string input = $"input '{node.Inputs[i]}' (zero points, reordering or a bias)";
                throw Refuse(graph, node, $"{input} is not supported. Build the model with --extra_options int4_is_symmetric=true.");
            }
        }
    }

    private static void CheckAttention(OnnxGraph graph, OnnxNode node, ModelConfig config)
    {
        Require(graph, node, "num_heads", config.QueryHeads, "It must agree with genai_config.json.");
        Require(graph, node, "kv_num_heads", config.KvHeads, "It must agree with genai_config.json.");
        Require(graph, node, "do_rotary", 1, "Build the model with rotary embedding inside attention.");
        RequireZero(graph, node, "rotary_interleaved");
        RequireZero(graph, node, "softcap");
        RequireZero(graph, node, "smooth_softmax");
        double scale = node.Attribute("scale", 0);
        if (scale != 0 && Math.Abs((scale * scale * config.HeadSize) - 1) > 1e-4)
        {
            throw Refuse(graph, node, $"attribute scale is {scale}; only 1/√head_size is supported.");
        }

        double window = node.Attribute("local_window_size", -1);
        if (window >= 0 && window < config.MaxContextTokens)
        {
            throw Refuse(
                graph,
                node,
                $"attribute local_window_size is {window}: a sliding window is not supported. "
                + $"Set context_length in genai_config.json to {window}: up to there it has no effect.");
        }
    }

    private static void RequireZero(OnnxGraph graph, OnnxNode node, string attribute)
    {
        if (node.Attribute(attribute, 0) is not (0 or -1) and var value)
        {
            throw Refuse(graph, node, $"attribute {attribute} is {value}, which is not supported.");
        }
    }

    private static void Require(OnnxGraph graph, OnnxNode node, string attribute, int expected, string wayOut)
    {
        double value = node.Attribute(attribute, 0);
        if (value != expected)
        {
            throw Refuse(graph, node, $"attribute {attribute} is {value}; only {expected} is supported. {wayOut}");
        }
    }

    private static ModelFolderException Refuse(OnnxGraph graph, OnnxNode node, string problem) =>
        new(graph.Path, node.Name.Length > 0 ? node.Name : node.OperatorType, problem);
}
