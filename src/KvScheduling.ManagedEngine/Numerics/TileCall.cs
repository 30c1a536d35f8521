namespace KvScheduling.ManagedEngine;

/// <summary>The arguments of one kernel call: rows of input times one panel, two vectors of outputs wide.</summary>
internal unsafe struct TileCall
{
    /// <summary>Row 0 of the input, k ascending.</summary>
    public float* Input;

    /// <summary>Floats between rows of the input.</summary>
    public nint InputStride;

    /// <summary>The panel at k = 0.</summary>
    public byte* Panel;

    /// <summary>Bytes between k-rows, for layouts where the caller says.</summary>
    public nint Step;

    /// <summary>Bytes from the first vector of a k-row to the second, for layouts where the caller says.</summary>
    public nint Second;

    /// <summary>Scales at k = 0: two vectors per group; unused by layouts without scales.</summary>
    public float* Scales;

    /// <summary>The number of k.</summary>
    public nint Depth;

    /// <summary>How many k share a scale. Divides <see cref="Depth"/>.</summary>
    public nint Group;

    /// <summary>Row 0 of the output.</summary>
    public float* Output;

    /// <summary>Floats between rows of the output.</summary>
    public nint OutputStride;

    /// <summary>Floats from the first vector of an output row to the second.</summary>
    public nint OutputSecond;

    /// <summary>Whether the result is added to what the output holds, after its sum is complete.</summary>
    public bool Accumulate;

    /// <summary>How many bytes ahead of reading the panel is fetched into the cache.</summary>
    public nint PrefetchDistance;
}
