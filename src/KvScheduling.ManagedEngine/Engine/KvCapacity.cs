namespace KvScheduling.ManagedEngine;

/// <summary>How large the KV cache is.</summary>
internal static class KvCapacity
{
    private const long DefaultTokens = 65_536;

    /// <summary>The share of the process's memory that the cache may grow to when its size is not set.</summary>
    private const int MemoryShare = 4;

    /// <summary>Blocks of a cache.</summary>
    /// <param name="requestedTokens">The setting; null for the default.</param>
    /// <param name="config">The model.</param>
    /// <param name="availableBytes">Memory that the process may use.</param>
    public static int ChooseBlocks(long? requestedTokens, ModelConfig config, long availableBytes)
    {
        long tokens = requestedTokens ?? Math.Min(DefaultTokens, availableBytes / MemoryShare / KvPool.BytesPerToken(config));
        return (int)Math.Clamp(tokens / KvPool.BlockTokens, 1, int.MaxValue);
    }
}
