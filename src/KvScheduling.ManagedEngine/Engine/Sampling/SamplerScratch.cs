namespace KvScheduling.ManagedEngine;

/// <summary>One thread's working memory for choosing a token.</summary>
internal sealed class SamplerScratch
{
    public SamplerScratch(int vocabularySize, int blockSize)
    {
        int blocks = (vocabularySize + blockSize - 1) / blockSize;
        Logits = new float[vocabularySize];
        Weights = new float[blocks * blockSize];
        BlockSums = new double[blocks];
        Keys = new ulong[vocabularySize];
        Counts = new int[vocabularySize];
    }

    /// <summary>Logits after penalties.</summary>
    public float[] Logits { get; }

    /// <summary>Probabilities, not normalised.</summary>
    public float[] Weights { get; }

    public double[] BlockSums { get; }

    /// <summary>Candidates, sorted.</summary>
    public ulong[] Keys { get; }

    /// <summary>How often each token was generated. Zero between uses.</summary>
    public int[] Counts { get; }
}
