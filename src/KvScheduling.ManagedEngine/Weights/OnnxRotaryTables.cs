using System.Runtime.InteropServices;

namespace KvScheduling.ManagedEngine;

/// <summary>The rotary tables of a graph: stored ready-made, which also covers scaled ones, or computed in the graph from stored frequencies.</summary>
internal static class OnnxRotaryTables
{
    private const string Cosines = "cos_cache";
    private const string Sines = "sin_cache";

    public static ModelConfig Complete(OnnxGraph graph, ModelConfig config)
    {
        int half = config.HeadSize / 2;
        if (graph.Contains(Cosines) || graph.Contains(Sines))
        {
            float[] cosines = Read(graph, Cosines, half);
            float[] sines = Read(graph, Sines, half);
            if (cosines.Length != sines.Length)
            {
                throw new ModelFolderException(graph.Path, Sines, $"has another length than {Cosines}.");
            }

            // The table ends the context even where the configuration promises more.
            return config with { RotaryCosines = cosines, RotarySines = sines, MaxContextTokens = Math.Min(config.MaxContextTokens, cosines.Length / half) };
        }

        double[] frequencies = FindFrequencies(graph, half);
        var computedCosines = new float[(long)config.MaxContextTokens * half];
        var computedSines = new float[computedCosines.Length];
        for (int i = 0; i < computedCosines.Length; i++)
        {
            (double sine, double cosine) = Math.SinCos(i / half * frequencies[i % half]);
            computedCosines[i] = (float)cosine;
            computedSines[i] = (float)sine;
        }

        return config with { RotaryCosines = computedCosines, RotarySines = computedSines };
    }

    private static float[] Read(OnnxGraph graph, string name, int half)
    {
        StoredTensor table = graph.Find(name) ?? throw new ModelFolderException(graph.Path, name, "the initializer is missing.");
        if (table.Format is not { } format || table.Shape is not [> 0 and < int.MaxValue, var columns] || columns != half || table.Bytes > int.MaxValue)
        {
            throw new ModelFolderException(graph.Path, name, $"is {table.TypeName} {table.ShapeText}; float32 [positions, {half}] is expected.");
        }

        var numbers = new float[table.Shape[0] * half];
        FloatRows.Widen(format, table.File.Span(table.Offset, (int)table.Bytes), numbers);
        return numbers;
    }

    /// <summary>The float64 row of head size / 2 that positions are multiplied with.</summary>
    private static double[] FindFrequencies(OnnxGraph graph, int half)
    {
        foreach (OnnxNode node in graph.Nodes)
        {
            if (node.OperatorType != "Mul")
            {
                continue;
            }

            foreach (string input in node.Inputs)
            {
                if (graph.Contains(input) && graph.Find(input) is { TypeName: "float64", Shape: [1, var columns] } stored && columns == half)
                {
                    return MemoryMarshal.Cast<byte, double>(stored.File.Span(stored.Offset, (int)stored.Bytes)).ToArray();
                }
            }
        }

        throw new ModelFolderException(graph.Path, Cosines, "the initializer is missing, and the graph has no rotary frequencies either.");
    }
}
