namespace KvScheduling.ManagedEngine;

/// <summary>The tokens of one sequence and the blocks that hold the KV of the first of them.</summary>
internal sealed class KvSequence
{
    private readonly KvPool _pool;
    private int[] _tokens = [];
    private int[] _blocks = [];

    public KvSequence(KvPool pool) => _pool = pool;

    /// <summary>Tokens known: prompt and output.</summary>
    public int Count { get; private set; }

    /// <summary>Leading tokens whose KV is in the cache.</summary>
    public int CachedCount { get; private set; }

    /// <summary>Blocks held.</summary>
    public int BlockCount { get; private set; }

    /// <summary>Tokens still to be computed.</summary>
    public int PendingCount => Count - CachedCount;

    public ReadOnlySpan<int> Tokens => _tokens.AsSpan(0, Count);

    public ReadOnlySpan<int> Blocks => _blocks.AsSpan(0, BlockCount);

    /// <summary>Makes room for a life of so many tokens, so that steps allocate nothing.</summary>
    public void EnsureCapacity(int tokens)
    {
        if (_tokens.Length < tokens)
        {
            Array.Resize(ref _tokens, tokens);
        }

        int blocks = KvPool.BlocksFor(tokens);
        if (_blocks.Length < blocks)
        {
            Array.Resize(ref _blocks, blocks);
        }
    }

    /// <summary>Replaces the tokens. What is cached must be the KV of the first of them.</summary>
    public void SetTokens(ReadOnlySpan<int> prompt, ReadOnlySpan<int> output)
    {
        prompt.CopyTo(_tokens);
        output.CopyTo(_tokens.AsSpan(prompt.Length));
        Count = prompt.Length + output.Length;
    }

    /// <summary>Adds a sampled token.</summary>
    public void Append(int token) => _tokens[Count++] = token;

    /// <summary>Takes the blocks that the next tokens need; takes none and returns false when the pool has too few.</summary>
    /// <remarks>The block that is written into next is made the sequence's own: after a continuation in mid-block others may hold it too.</remarks>
    public bool TryReserve(int tokens)
    {
        int needed = KvPool.BlocksFor(CachedCount + tokens) - BlockCount;
        int tail = CachedCount / KvPool.BlockTokens;
        bool copiesTail = CachedCount % KvPool.BlockTokens != 0 && _pool.IsShared(_blocks[tail]);
        if (Math.Max(needed, 0) + (copiesTail ? 1 : 0) > _pool.FreeBlocks)
        {
            return false;
        }

        if (copiesTail)
        {
            int shared = _blocks[tail];
            _blocks[tail] = _pool.TakeCopy(shared);
            _pool.Release(shared);
        }

        for (; needed > 0; needed--)
        {
            _blocks[BlockCount++] = _pool.Take();
        }

        return true;
    }

    /// <summary>Takes computed tokens as cached.</summary>
    public void Advance(int tokens) => CachedCount += tokens;

    /// <summary>Starts with leading full blocks of another sequence, by reference. Must hold none.</summary>
    public void Share(KvSequence source, int tokens)
    {
        for (int i = 0; i < tokens / KvPool.BlockTokens; i++)
        {
            _pool.AddReference(source._blocks[i]);
            _blocks[BlockCount++] = source._blocks[i];
        }

        CachedCount = tokens;
    }

    /// <summary>Keeps the KV of the first tokens only, and the blocks that hold it.</summary>
    public void Truncate(int tokens)
    {
        int kept = KvPool.BlocksFor(tokens);
        while (BlockCount > kept)
        {
            _pool.Release(_blocks[--BlockCount]);
        }

        CachedCount = tokens;
    }

    /// <summary>Forgets everything and frees all blocks.</summary>
    public void Clear()
    {
        Truncate(0);
        Count = 0;
    }
}
