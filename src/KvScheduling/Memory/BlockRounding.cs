namespace KvScheduling;

/// <summary>Tokens to whole KV blocks: a sequence of n tokens occupies ⌈n / block⌉ of them.</summary>
internal readonly struct BlockRounding
{
    private readonly long _mask;

    public BlockRounding(int blockTokens)
    {
        BlockTokens = blockTokens;
        _mask = (blockTokens & (blockTokens - 1)) == 0 ? blockTokens - 1 : -1;
    }

    public int BlockTokens { get; }

    /// <summary>Whole blocks that <paramref name="tokens"/> occupy.</summary>
    public long Blocks(long tokens) => (tokens + Waste(tokens)) / BlockTokens;

    /// <summary>Room in the last block that <paramref name="tokens"/> leave unused: from 0 to block - 1.</summary>
    public long Waste(long tokens)
    {
        if (_mask >= 0)
        {
            return -tokens & _mask;
        }

        long rest = tokens % BlockTokens;
        return rest <= 0 ? -rest : BlockTokens - rest;
    }
}
