namespace KvScheduling.ManagedEngine;

/// <summary>How a matrix lies in memory.</summary>
internal enum StoredFormat
{
    Float32,
    BFloat16,

    /// <summary>8 bits, symmetric, a scale per output and 32 inputs.</summary>
    Int8,

    /// <summary>4 bits, -8 to 7, a scale per output and 32 inputs.</summary>
    Int4,
}
