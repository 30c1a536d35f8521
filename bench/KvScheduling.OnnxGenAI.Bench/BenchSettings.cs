namespace KvScheduling.OnnxGenAI.Bench;

/// <summary>What the command line asked for.</summary>
internal sealed record BenchSettings
{
    /// <summary>A folder with <c>flat/</c> and <c>paged/</c> in it.</summary>
    public required string Model { get; init; }

    public string? Native { get; init; }

    public int[] Requests { get; init; } = [1, 8, 32];

    public int[] Accuracies { get; init; } = [0, 4];

    public int Rounds { get; init; } = 5;

    public int OutputTokens { get; init; } = 60;

    public int? Threads { get; init; }

    /// <summary>The graph that computes with an accuracy level, as the model builder names them.</summary>
    public static string GraphOf(int accuracy) => accuracy == 0 ? "model.onnx" : $"model.acc{accuracy}.onnx";
}
