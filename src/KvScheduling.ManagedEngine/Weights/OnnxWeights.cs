namespace KvScheduling.ManagedEngine;

/// <summary>The weights of an ONNX Runtime GenAI folder, read from the graph's initializers by their names.</summary>
internal sealed class OnnxWeights : IWeightSource
{
    private const int MaxStackScales = 1024;

    private readonly OnnxGraph _graph;
    private readonly Dictionary<string, OnnxWeight> _weights;

    public OnnxWeights(OnnxGraph graph, ModelConfig config, Dictionary<string, OnnxWeight> weights)
    {
        _graph = graph;
        Config = config;
        _weights = weights;
    }

    public ModelConfig Config { get; }

    public static OnnxWeights Open(string folder, GenAIConfig configuration)
    {
        OnnxGraph graph = OnnxGraph.Open(folder, configuration.GraphPath);
        try
        {
            return new OnnxWeightResolver(graph, configuration).Resolve();
        }
        catch
        {
            graph.Dispose();
            throw;
        }
    }

    public bool Contains(string name) => _weights.ContainsKey(name);

    public bool IsInt4(string name) => _weights.TryGetValue(name, out OnnxWeight? weight) && weight.Scales is not null;

    public void ReadRow(string name, int row, Span<float> destination)
    {
        OnnxWeight weight = _weights[name];
        Require(name, weight, row, destination.Length);
        int stored = weight.FirstRow + row;
        if (weight.Scales is not null)
        {
            int blocks = Int4Blocks.Scales(weight.Columns);
            Span<float> scales = blocks <= MaxStackScales ? stackalloc float[blocks] : new float[blocks];
            ReadScales(weight, stored, scales);
            Int4Blocks.Widen(PackedRow(weight, stored), scales, destination);
            return;
        }

        NumberFormat format = weight.Data.Format!.Value;
        if (weight.IsTransposed)
        {
            TransposedTile.Read(weight, stored, destination);
            return;
        }

        long firstNumber = weight.IsVector ? weight.FirstRow : (long)stored * weight.Columns;
        int size = FloatRows.Size(format);
        FloatRows.Widen(format, weight.Data.File.Span(weight.Data.Offset + (firstNumber * size), weight.Columns * size), destination);
    }

    public void ReadInt4Row(string name, int row, Span<byte> packed, Span<float> scales)
    {
        OnnxWeight weight = _weights[name];
        if (weight.Scales is null)
        {
            throw new NotSupportedException($"{name} is not stored as 4-bit blocks.");
        }

        Require(name, weight, row, packed.Length * 2);
        PackedRow(weight, weight.FirstRow + row).CopyTo(packed);
        ReadScales(weight, weight.FirstRow + row, scales[..Int4Blocks.Scales(weight.Columns)]);
    }

    public void Dispose() => _graph.Dispose();

    private static void Require(string name, OnnxWeight weight, int row, int columns)
    {
        if ((uint)row >= (uint)weight.Rows || columns != weight.Columns)
        {
            throw new ArgumentOutOfRangeException(nameof(row), $"Row {row} of {columns} numbers is not in {name} [{weight.Rows}, {weight.Columns}].");
        }
    }

    private static ReadOnlySpan<byte> PackedRow(OnnxWeight weight, int stored)
    {
        int bytes = Int4Blocks.PackedBytes(weight.Columns);
        return weight.Data.File.Span(weight.Data.Offset + ((long)stored * bytes), bytes);
    }

    private static void ReadScales(OnnxWeight weight, int stored, Span<float> scales)
    {
        NumberFormat format = weight.Scales!.Format!.Value;
        int bytes = scales.Length * FloatRows.Size(format);
        FloatRows.Widen(format, weight.Scales.File.Span(weight.Scales.Offset + ((long)stored * bytes), bytes), scales);
    }
}
