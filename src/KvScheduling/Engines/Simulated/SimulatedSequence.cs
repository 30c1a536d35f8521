namespace KvScheduling;

/// <summary>One slot of a simulated engine. Its arrays are kept from one sequence to the next; a step allocates nothing.</summary>
internal sealed class SimulatedSequence
{
    private readonly SimulatedBlockPool _pool;
    private readonly int _blockTokens;
    private int[] _tokens = [];
    private int[] _blocks = [];
    private int _blockCount;

    public SimulatedSequence(SimulatedBlockPool pool, int blockTokens)
    {
        _pool = pool;
        _blockTokens = blockTokens;
    }

    public bool IsStarted { get; private set; }

    /// <summary>A step with it threw, or it failed: only a removal makes its slot good again.</summary>
    public bool IsUndefined { get; set; }

    /// <summary>It was left out of a step by an engine that can't hold: from then on its KV can only be continued, shared or removed.</summary>
    public bool IsParked { get; set; }

    public bool IsPoisoned { get; set; }

    public int PromptTokens { get; private set; }

    public int MaxTotalTokens { get; private set; }

    /// <summary>Prompt and output, the last sampled token included.</summary>
    public int TotalTokens { get; private set; }

    /// <summary>Tokens in the KV cache.</summary>
    public int CachedTokens { get; private set; }

    public int PendingTokens => TotalTokens - CachedTokens;

    public int OutputTokens => TotalTokens - PromptTokens;

    /// <summary>The step it was last planned in; 0 when not since its start.</summary>
    public long LastStep { get; private set; }

    /// <summary>Whether it was left out of steps between the last two it was planned in.</summary>
    public bool WasHeld { get; private set; }

    public ulong Key { get; set; }

    public int OutputLength { get; set; }

    public ReadOnlySpan<int> Tokens => _tokens.AsSpan(0, TotalTokens);

    public void Start(in SequenceStart start)
    {
        if (_tokens.Length < start.MaxTotalTokens)
        {
            _tokens = new int[start.MaxTotalTokens];
        }

        int blocks = BlocksOf(start.MaxTotalTokens);
        if (_blocks.Length < blocks)
        {
            Array.Resize(ref _blocks, blocks);
        }

        start.Prompt.CopyTo(_tokens);
        start.Output.CopyTo(_tokens.AsSpan(start.Prompt.Length));
        PromptTokens = start.Prompt.Length;
        TotalTokens = start.Prompt.Length + start.Output.Length;
        MaxTotalTokens = start.MaxTotalTokens;
        CachedTokens = 0;
        LastStep = 0;
        IsStarted = true;
        IsUndefined = false;
        IsParked = false;
        IsPoisoned = false;
    }

    /// <summary>Takes leading full blocks over from another sequence.</summary>
    public void ShareFrom(SimulatedSequence donor, int tokens)
    {
        int blocks = tokens / _blockTokens;
        for (int i = 0; i < blocks; i++)
        {
            _pool.Share(donor._blocks[i]);
            _blocks[i] = donor._blocks[i];
        }

        _blockCount = blocks;
        CachedTokens = tokens;
    }

    /// <summary>Starts again on its own leading KV. A block that it shares and will write to is given back: it needs a copy of its own.</summary>
    public void ContinueAt(int tokens)
    {
        int keep = BlocksOf(tokens);
        if (tokens % _blockTokens != 0 && _pool.IsShared(_blocks[keep - 1]))
        {
            keep--;
        }

        ReleaseFrom(keep);
        CachedTokens = tokens;
    }

    /// <summary>Puts tokens into the KV cache; false, and nothing done, when the pool has no blocks for them.</summary>
    public bool TryCompute(int tokens)
    {
        int needed = BlocksOf(CachedTokens + tokens);
        if (needed - _blockCount > _pool.FreeCount)
        {
            return false;
        }

        while (_blockCount < needed)
        {
            _blocks[_blockCount++] = _pool.Take();
        }

        CachedTokens += tokens;
        return true;
    }

    public void MarkPlanned(long step)
    {
        WasHeld = LastStep != 0 && LastStep != step - 1;
        LastStep = step;
    }

    public void Append(int token) => _tokens[TotalTokens++] = token;

    public void Remove()
    {
        ReleaseFrom(0);
        IsStarted = false;
        CachedTokens = 0;
        TotalTokens = 0;
    }

    private int BlocksOf(int tokens) => (int)(((long)tokens + _blockTokens - 1) / _blockTokens);

    private void ReleaseFrom(int keep)
    {
        while (_blockCount > keep)
        {
            _pool.Release(_blocks[--_blockCount]);
        }
    }
}
