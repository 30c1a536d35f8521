using System.Diagnostics.CodeAnalysis;

namespace KvScheduling.ManagedEngine;

/// <summary>How weights lie in memory. Fewer bytes make decoding faster and, where they round, answers slightly different.</summary>
[SuppressMessage("Naming", "CA1720:Identifier contains type name", Justification = "The formats' names in the field.")]
public enum WeightFormat
{
    /// <summary>As in the folder: 4-bit matrices stay bit for bit what they are, everything else becomes float32. Nothing is rounded.</summary>
    Auto,

    /// <summary>float32, exact for every folder.</summary>
    Float32,

    /// <summary>bfloat16: half the memory of float32, 8 bits of precision.</summary>
    BFloat16,

    /// <summary>8-bit integers with a float32 scale per output and 32 inputs.</summary>
    Int8,

    /// <summary>4-bit integers with a float32 scale per output and 32 inputs: the fastest for a single request. 4-bit matrices of the folder are kept, others are rounded.</summary>
    Int4,
}
