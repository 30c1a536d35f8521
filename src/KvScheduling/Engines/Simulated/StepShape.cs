namespace KvScheduling;

/// <summary>What one iteration computes: the sums over its batch that its time depends on.</summary>
/// <remarks>Starts empty; every sequence of the batch is added once, with <see cref="AddPrefill"/> or <see cref="AddDecode"/>.</remarks>
public record struct StepShape
{
    private const int KvGranularity = 64;

    /// <summary>Prompt tokens computed, over all chunks; tokens computed again after an eviction count as well.</summary>
    public long PrefillTokens { get; private set; }

    /// <summary>Sequences whose prompt is computed, wholly or a chunk of it.</summary>
    public int PrefillChunks { get; private set; }

    /// <summary>The sum of the squared chunk lengths: attention inside a chunk grows with its square.</summary>
    public long PrefillTokensSquared { get; private set; }

    /// <summary>Tokens the chunks find in the KV cache, each chunk's rounded up to 64, the granularity of attention profiles.</summary>
    public long PrefillKvTokens { get; private set; }

    /// <summary>Sequences that generate: one token computed each.</summary>
    public int DecodeRows { get; private set; }

    /// <summary>Tokens the generating sequences find in the KV cache.</summary>
    public long DecodeKvTokens { get; private set; }

    /// <summary>Tokens in the KV cache before the iteration, of every sequence the engine holds, also of those that do not advance.</summary>
    public long TotalKvTokens { get; set; }

    /// <summary>Adds a sequence whose prompt is computed.</summary>
    /// <param name="tokens">Tokens computed in this iteration; at least 1.</param>
    /// <param name="cachedTokens">Its tokens in the KV cache before; 0 or more.</param>
    public void AddPrefill(int tokens, int cachedTokens)
    {
        PrefillTokens += tokens;
        PrefillChunks++;
        PrefillTokensSquared += (long)tokens * tokens;
        PrefillKvTokens += (cachedTokens + KvGranularity - 1L) / KvGranularity * KvGranularity;
    }

    /// <summary>Adds a sequence that generates.</summary>
    /// <param name="cachedTokens">Its tokens in the KV cache before; 1 or more.</param>
    public void AddDecode(int cachedTokens)
    {
        DecodeRows++;
        DecodeKvTokens += cachedTokens;
    }
}
