namespace KvScheduling.ManagedEngine;

/// <summary>Finds the weights of a model in a graph, checks them, and completes the configuration with what only the graph says.</summary>
internal sealed class OnnxWeightResolver
{
    private readonly OnnxGraph _graph;
    private readonly GenAIConfig _configuration;
    private readonly OnnxNaming _naming;
    private readonly Dictionary<string, OnnxNode> _blockNodes = new(StringComparer.Ordinal);
    private readonly HashSet<string> _used = new(StringComparer.Ordinal);

    public OnnxWeightResolver(OnnxGraph graph, GenAIConfig configuration)
    {
        _graph = graph;
        _configuration = configuration;
        _naming = OnnxNaming.Of(graph)
            ?? throw new ModelFolderException(
                graph.Path,
                "graph",
                "its weights do not have the names of the ONNX Runtime GenAI model builder. Build the model with it for CPU (-e cpu, -p fp32 or int4).");
    }

    public OnnxWeights Resolve()
    {
        OnnxGraphRules.Check(_graph, _configuration.Config);
        foreach (OnnxNode node in _graph.Nodes)
        {
            if (node.OperatorType is "MatMulNBits" or "GatherBlockQuantized")
            {
                OnnxGraphRules.CheckBlocks(_graph, node);
                string data = node.Inputs.ElementAtOrDefault(node.OperatorType == "MatMulNBits" ? 1 : 0) ?? "";
                if (_graph.Contains(data) && node.Inputs.Count > 2)
                {
                    _blockNodes[WithoutSuffix(data)] = node;
                }
            }
        }

        ModelConfig config = CompleteConfig();
        var weights = new Dictionary<string, OnnxWeight>(StringComparer.Ordinal);
        foreach (TensorExpectation expected in TensorExpectation.For(config, _configuration.Traits, tiesHead: null))
        {
            OnnxWeight? weight = _naming.Find(expected, config) is { } place ? Find(place, expected) : null;
            if (weight is not null)
            {
                weights.Add(expected.Name, weight);
            }
            else if (expected.IsRequired)
            {
                string name = _naming.Find(expected, config)?.Name ?? expected.Name;
                throw new ModelFolderException(_graph.Path, name, $"the initializer is missing; a model of type {config.Architecture} needs it.");
            }
        }

        RefuseUnused();
        return new OnnxWeights(_graph, config, weights);
    }

    /// <summary>Cuts what the quantiser appended: <c>lm_head.MatMul.weight_Q4</c>.</summary>
    private static string WithoutSuffix(string name)
    {
        int suffix = name.LastIndexOf("_Q", StringComparison.Ordinal);
        return suffix < 0 ? name : name[..suffix];
    }

    private ModelConfig CompleteConfig()
    {
        ModelConfig config = _configuration.Config with { IntermediateSize = ReadIntermediateSize(), NormEpsilon = OnnxGraphRules.ReadNormEpsilon(_graph) };
        return OnnxRotaryTables.Complete(_graph, config);
    }

    private int ReadIntermediateSize()
    {
        (string name, int parts) = _naming.FirstGate;
        long outputs = _blockNodes.TryGetValue(name, out OnnxNode? node)
            ? (long)node.Attribute("N", 0)
            : _graph.Find(name) is { Shape: [_, var columns] } ? columns : 0;
        return outputs > 0 && outputs % parts == 0 && outputs / parts <= int.MaxValue / 2
            ? (int)(outputs / parts)
            : throw new ModelFolderException(_graph.Path, name, "the initializer is missing or has no size that a gate projection can have.");
    }

    private OnnxWeight? Find(OnnxPlace place, TensorExpectation expected) =>
        _blockNodes.TryGetValue(place.Name, out OnnxNode? node) ? FindBlocks(place, expected, node) : FindFloats(place, expected);

    private OnnxWeight FindBlocks(OnnxPlace place, TensorExpectation expected, OnnxNode node)
    {
        int first = node.OperatorType == "MatMulNBits" ? 1 : 0;
        StoredTensor data = Take(node.Inputs[first]);
        StoredTensor scales = Take(node.Inputs[2]);
        if (expected.Columns % Int4Blocks.BlockSize != 0)
        {
            throw new ModelFolderException(_graph.Path, node.Inputs[first],
                $"rows of {expected.Columns} values are not whole blocks of {Int4Blocks.BlockSize}.");
        }

        long blocks = (long)place.PackedRows * (expected.Columns / Int4Blocks.BlockSize);
        if (data.TypeName != "uint8" || data.Bytes != blocks * (Int4Blocks.BlockSize / 2))
        {
            throw Mismatch(node.Inputs[first], data, $"uint8 of {blocks} blocks of 16 bytes");
        }

        return scales.Format is { } format && scales.Bytes == blocks * FloatRows.Size(format)
            ? Weight(place, expected, data) with { Scales = scales, IsTransposed = false }
            : throw Mismatch(node.Inputs[2], scales, $"{blocks} float32 scales");
    }

    private OnnxWeight? FindFloats(OnnxPlace place, TensorExpectation expected)
    {
        if (!_graph.Contains(place.Name))
        {
            return null;
        }

        StoredTensor data = Take(place.Name);
        long[] shape = expected.IsVector ? [place.PackedRows]
            : place.IsTransposed ? [expected.Columns, place.PackedRows] : [place.PackedRows, expected.Columns];
        return data.Format is not null && data.HasShape(shape)
            ? Weight(place, expected, data)
            : throw Mismatch(place.Name, data, $"float32 [{string.Join(", ", shape)}]");
    }

    private static OnnxWeight Weight(OnnxPlace place, TensorExpectation expected, StoredTensor data) => new()
    {
        Data = data,
        FirstRow = place.FirstRow,
        PackedRows = place.PackedRows,
        Rows = expected.Rows,
        Columns = expected.Columns,
        IsVector = expected.IsVector,
        IsTransposed = place.IsTransposed && !expected.IsVector,
    };

    private StoredTensor Take(string name)
    {
        _used.Add(name);
        return _graph.Find(name) ?? throw new ModelFolderException(_graph.Path, name, "the initializer is missing.");
    }

    private ModelFolderException Mismatch(string name, StoredTensor found, string wanted) =>
        new(_graph.Path, name, $"is {found.TypeName} {found.ShapeText}; genai_config.json asks for {wanted}.");

    /// <summary>A weight without a place in the computation means that the model is not the one that the configuration says.</summary>
    private void RefuseUnused()
    {
        foreach (string name in _graph.TensorNames)
        {
            bool isWeight = name.StartsWith("model.", StringComparison.Ordinal) || name.StartsWith("lm_head.", StringComparison.Ordinal);
            if (isWeight && !_used.Contains(name))
            {
                throw new ModelFolderException(
                    _graph.Path,
                    name,
                    $"a model of type {_configuration.Config.Architecture} has no use for this initializer here, so the model would give wrong results. "
                    + "Use the native engine.");
            }
        }
    }
}
