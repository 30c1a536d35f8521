namespace KvScheduling.ManagedEngine;

/// <summary>The weights of a model folder, row by row, under the names that Hugging Face gives them (<c>model.layers.0.self_attn.q_proj.weight</c>).</summary>
/// <remarks>Everything the architecture needs has been checked for presence and shape when a source exists; reading throws only on I/O errors.</remarks>
internal interface IWeightSource : IDisposable
{
    /// <summary>The model's shape.</summary>
    ModelConfig Config { get; }

    /// <summary>Whether the tensor exists. Biases, q and k norms and <c>lm_head.weight</c> may be absent.</summary>
    bool Contains(string name);

    /// <summary>Whether the tensor is stored as 4-bit blocks that should be kept as they are.</summary>
    bool IsInt4(string name);

    /// <summary>One row (the last dimension) as float32; a vector is one row. 4-bit rows are (q - 8) · scale, rounded once.</summary>
    void ReadRow(string name, int row, Span<float> destination);

    /// <summary>One row of a 4-bit tensor: K/2 bytes, even k in the low nibble, values 0 to 15 standing for -8 to 7; K/32 scales.</summary>
    void ReadInt4Row(string name, int row, Span<byte> packed, Span<float> scales);
}
