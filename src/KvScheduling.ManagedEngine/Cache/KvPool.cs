namespace KvScheduling.ManagedEngine;

/// <summary>The paged KV cache (Kwon et al., "Efficient Memory Management for Large Language Model Serving with PagedAttention", SOSP 2023): blocks of 16 tokens with reference counts.</summary>
/// <remarks>
/// A block holds, per layer and key/value head, keys as <c>[head size][16]</c> and values as <c>[16][head size]</c>, so that the scores of a block
/// are whole vectors without horizontal sums and one kernel serves scores, values and weights.
/// </remarks>
internal sealed unsafe class KvPool
{
    /// <summary>Tokens per block.</summary>
    public const int BlockTokens = 16;

    private readonly float* _data;
    private readonly int[] _free;
    private readonly int[] _references;
    private readonly int _headFloats;
    private readonly int _layerFloats;
    private readonly int _blockFloats;
    private readonly int _headSize;
    private int _freeCount;

    public KvPool(NativeArena arena, int blockCount, int layers, int kvHeads, int headSize)
    {
        _headSize = headSize;
        _headFloats = 2 * BlockTokens * headSize;
        _layerFloats = checked(_headFloats * kvHeads);
        _blockFloats = checked(_layerFloats * layers);
        _data = arena.Floats((long)_blockFloats * blockCount, "KV cache");
        _free = new int[blockCount];
        _references = new int[blockCount];
        _freeCount = blockCount;
        for (int i = 0; i < blockCount; i++)
        {
            _free[i] = blockCount - 1 - i;
        }
    }

    public int BlockCount => _free.Length;

    public int FreeBlocks => _freeCount;

    /// <summary>Bytes of KV per token of a model.</summary>
    public static long BytesPerToken(ModelConfig config) => 2L * config.LayerCount * config.KvHeads * config.HeadSize * sizeof(float);

    /// <summary>Blocks that hold so many tokens.</summary>
    public static int BlocksFor(int tokens) => (int)(((long)tokens + BlockTokens - 1) / BlockTokens);

    public bool IsShared(int block) => _references[block] > 1;

    public float* Keys(int block, int layer, int head)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)block, (uint)_references.Length);
        return _data + ((nint)block * _blockFloats) + ((nint)layer * _layerFloats) + ((nint)head * _headFloats);
    }

    public float* Values(int block, int layer, int head) => Keys(block, layer, head) + (BlockTokens * _headSize);

    /// <summary>Takes a free block. There must be one.</summary>
    public int Take()
    {
        int block = _free[--_freeCount];
        _references[block] = 1;
        return block;
    }

    /// <summary>Takes a free block and fills it with the content of another.</summary>
    public int TakeCopy(int source)
    {
        int block = Take();
        long bytes = _blockFloats * (long)sizeof(float);
        Buffer.MemoryCopy(Keys(source, 0, 0), Keys(block, 0, 0), bytes, bytes);
        return block;
    }

    /// <summary>Adds a holder to a block that is in use.</summary>
    public void AddReference(int block) => _references[block]++;

    /// <summary>Takes a holder away; the last one frees the block.</summary>
    public void Release(int block)
    {
        if (--_references[block] == 0)
        {
            _free[_freeCount++] = block;
        }
    }
}
