using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace KvScheduling.ManagedEngine;

/// <summary>Attention of a few tokens over the KV blocks of their sequence, all query heads of one key/value head together.</summary>
/// <remarks>
/// Two passes: all scores, exact maximum, exponentials and their sum; then values block by block. A score is one chain over the head's elements, a block's
/// contribution one chain over its 16 positions, and blocks are added in order: nothing depends on how many tokens share the tile.
/// </remarks>
internal sealed unsafe class PagedAttention<TLanes>
    where TLanes : struct, ILanes<TLanes>
{
    private const int BlockTokens = KvPool.BlockTokens;

    /// <summary>From this many rows on a tile has enough arithmetic to hide its reads.</summary>
    private const int PrefetchRows = 6;

    private readonly KvPool _pool;
    private readonly int _headSize;
    private readonly int _group;
    private readonly float _scale;

    public PagedAttention(KvPool pool, ModelConfig config)
    {
        _pool = pool;
        _headSize = config.HeadSize;
        _group = config.QueryHeads / config.KvHeads;
        _scale = 1f / MathF.Sqrt(config.HeadSize);
    }

    /// <summary>Rows of the largest tile.</summary>
    public static int TileRows(ModelConfig config) => StepBatch.TileTokens * (config.QueryHeads / config.KvHeads);

    /// <summary>Computes one item.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="item">The tokens and the head.</param>
    /// <param name="blocks">The sequence's blocks.</param>
    /// <param name="firstPosition">The first token's position; its KV and that of the tokens behind it is stored.</param>
    /// <param name="queries">Queries of the first token's row, rotated.</param>
    /// <param name="queryStride">Floats between rows.</param>
    /// <param name="output">The first token's row of the result, <c>[query head][head size]</c>.</param>
    /// <param name="outputStride">Floats between rows.</param>
    /// <param name="scratch">The thread's memory.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Compute(
        int layer, in AttentionItem item, ReadOnlySpan<int> blocks, int firstPosition, float* queries, nint queryStride, float* output, nint outputStride, in ThreadScratch scratch)
    {
        int rows = item.Tokens * _group;
        int length = firstPosition + item.Tokens;
        int headOffset = item.Head * _group * _headSize;
        for (int row = 0; row < rows; row++)
        {
            float* query = queries + (row / _group * queryStride) + headOffset + (row % _group * _headSize);
            RowFunctions<TLanes>.Scale(query, _scale, scratch.Queries + ((nint)row * _headSize), _headSize);
        }

        Score(layer, item.Head, blocks, length, rows, scratch);
        for (int row = 0; row < rows; row++)
        {
            int visible = firstPosition + (row / _group) + 1;
            scratch.Sums[row] = RowFunctions<TLanes>.Softmax(scratch.Scores + (row * scratch.ScoreStride), visible, length);
        }

        Weigh(layer, item.Head, blocks, length, rows, scratch);
        for (int row = 0; row < rows; row++)
        {
            float* result = output + (row / _group * outputStride) + headOffset + (row % _group * _headSize);
            RowFunctions<TLanes>.Scale(scratch.Outputs + ((nint)row * _headSize), 1f / scratch.Sums[row], result, _headSize);
        }
    }

    /// <summary>Queries times keys, two vectors of positions at a time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Score(int layer, int head, ReadOnlySpan<int> blocks, int length, int rows, in ThreadScratch scratch)
    {
        int blockCount = KvPool.BlocksFor(length);
        for (int position = 0; position < length; position += 2 * TLanes.Count)
        {
            int secondPosition = position + TLanes.Count;
            float* first = _pool.Keys(blocks[position / BlockTokens], layer, head) + (position % BlockTokens);

            // Behind the last block the second vector is whatever: its scores are beyond the length.
            float* second = secondPosition / BlockTokens < blockCount
                ? _pool.Keys(blocks[secondPosition / BlockTokens], layer, head) + (secondPosition % BlockTokens)
                : first;
            if (rows <= PrefetchRows)
            {
                PrefetchKeys(blocks, blockCount, position + (2 * TLanes.Count), layer, head);
            }

            TileCall call = new()
            {
                Input = scratch.Queries,
                InputStride = _headSize,
                Panel = (byte*)first,
                Step = BlockTokens * sizeof(float),
                Second = (nint)((byte*)second - (byte*)first),
                Depth = _headSize,
                Group = _headSize,
                Output = scratch.Scores + position,
                OutputStride = scratch.ScoreStride,
                OutputSecond = TLanes.Count,
            };
            TileKernels<TLanes, StridedLayout<TLanes>>.Run(ref call, rows);
        }
    }

    /// <summary>Probabilities times values. The last block is cut at the length: behind it lies what its last owner left, and 0 times NaN is NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Weigh(int layer, int head, ReadOnlySpan<int> blocks, int length, int rows, in ThreadScratch scratch)
    {
        int blockCount = KvPool.BlocksFor(length);
        for (int block = 0; block < blockCount; block++)
        {
            float* values = _pool.Values(blocks[block], layer, head);
            if (rows <= PrefetchRows && block + 1 < blockCount)
            {
                PrefetchHead(_pool.Values(blocks[block + 1], layer, head));
            }

            int depth = Math.Min(BlockTokens, length - (block * BlockTokens));
            for (int d = 0; d < _headSize; d += 2 * TLanes.Count)
            {
                TileCall call = new()
                {
                    Input = scratch.Scores + (block * BlockTokens),
                    InputStride = scratch.ScoreStride,
                    Panel = (byte*)(values + d),
                    Step = (nint)_headSize * sizeof(float),
                    Second = TLanes.Count * sizeof(float),
                    Depth = depth,
                    Group = depth,
                    Output = scratch.Outputs + d,
                    OutputStride = _headSize,
                    OutputSecond = TLanes.Count,
                    Accumulate = block > 0,
                };
                TileKernels<TLanes, StridedLayout<TLanes>>.Run(ref call, rows);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void PrefetchKeys(ReadOnlySpan<int> blocks, int blockCount, int position, int layer, int head)
    {
        int end = Math.Min((position + (2 * TLanes.Count) + BlockTokens - 1) / BlockTokens, blockCount);
        for (int block = position / BlockTokens; block < end && position % BlockTokens == 0; block++)
        {
            PrefetchHead(_pool.Keys(blocks[block], layer, head));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void PrefetchHead(float* start)
    {
        if (Sse.IsSupported)
        {
            for (int i = 0; i < BlockTokens * _headSize; i += 16)
            {
                Sse.Prefetch0(start + i);
            }
        }
    }
}
