namespace KvScheduling.ManagedEngine;

/// <summary>One thread's working memory.</summary>
internal readonly unsafe struct ThreadScratch
{
    public ThreadScratch(NativeArena arena, ModelConfig config, long panelFloats, int tileRows, int maxContextTokens)
    {
        ScoreStride = ((maxContextTokens + 31) / 32 * 32) + 32;
        Panel = arena.Floats(panelFloats, "scratch memory");
        Queries = arena.Floats((long)tileRows * config.HeadSize, "scratch memory");
        Outputs = arena.Floats((long)tileRows * config.HeadSize, "scratch memory");
        Sums = arena.Floats(tileRows, "scratch memory");
        Scores = arena.Floats((long)tileRows * ScoreStride, "scratch memory");
    }

    /// <summary>A weight panel unpacked to float32.</summary>
    public float* Panel { get; }

    /// <summary>Scaled queries of an attention tile, <c>[row][head size]</c>.</summary>
    public float* Queries { get; }

    /// <summary>Weighted sums of values, <c>[row][head size]</c>.</summary>
    public float* Outputs { get; }

    /// <summary>Softmax denominators of the rows.</summary>
    public float* Sums { get; }

    /// <summary>Scores, then probabilities, of the rows.</summary>
    public float* Scores { get; }

    /// <summary>Floats between rows of <see cref="Scores"/>.</summary>
    public nint ScoreStride { get; }
}
