namespace KvScheduling.ManagedEngine;

/// <summary>A tensor under its Hugging Face name, as a part of what a graph stores. Shapes and ranges have been checked.</summary>
internal sealed record OnnxWeight
{
    public required StoredTensor Data { get; init; }

    /// <summary>One scale for each 4-bit block; <see langword="null"/> for floats.</summary>
    public StoredTensor? Scales { get; init; }

    public required int FirstRow { get; init; }

    /// <summary>Output rows of the stored tensor, of which this one is a part.</summary>
    public required int PackedRows { get; init; }

    public required int Rows { get; init; }

    public required int Columns { get; init; }

    public required bool IsVector { get; init; }

    public required bool IsTransposed { get; init; }
}
