namespace KvScheduling.ManagedEngine.Tests;

public sealed unsafe class KvSequenceTests : IDisposable
{
    private readonly NativeArena _arena = new();
    private readonly KvPool _pool;

    public KvSequenceTests() => _pool = new KvPool(_arena, blockCount: 8, layers: 2, kvHeads: 2, headSize: 16);

    public void Dispose() => _arena.Dispose();

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    [InlineData(16, 1)]
    [InlineData(17, 2)]
    [InlineData(int.MaxValue, 134217728)]
    public void BlocksFor_Tokens_RoundsUp(int tokens, int blocks) => Assert.Equal(blocks, KvPool.BlocksFor(tokens));

    [Fact]
    public void TryReserve_MoreThanThePoolHas_TakesNothing()
    {
        KvSequence a = Cached(100);
        KvSequence b = new(_pool);
        b.EnsureCapacity(64);
        Assert.Equal(1, _pool.FreeBlocks);
        Assert.False(b.TryReserve(17));
        Assert.Equal(1, _pool.FreeBlocks);
        Assert.Equal(0, b.BlockCount);
        Assert.True(b.TryReserve(16));
        Assert.Equal(7, a.BlockCount);
    }

    [Fact]
    public void Share_FullBlocks_AreHeldByBothAndFreedByTheLast()
    {
        KvSequence a = Cached(40);
        KvSequence b = new(_pool);
        b.EnsureCapacity(64);
        b.Share(a, 32);
        Assert.Equal(a.Blocks[..2].ToArray(), b.Blocks.ToArray());
        Assert.Equal(32, b.CachedCount);
        Assert.Equal(5, _pool.FreeBlocks);
        a.Clear();
        Assert.Equal(6, _pool.FreeBlocks);
        b.Clear();
        Assert.Equal(8, _pool.FreeBlocks);
    }

    [Fact]
    public void TryReserve_TailBlockOfOthersToo_IsCopiedBeforeItIsWritten()
    {
        KvSequence a = Cached(32);
        KvSequence b = new(_pool);
        b.EnsureCapacity(64);
        b.Share(a, 32);
        int shared = a.Blocks[1];
        _pool.Values(shared, 1, 1)[5] = 42;

        a.Truncate(20);
        Assert.True(a.TryReserve(4));

        Assert.Equal(shared, b.Blocks[1]);
        Assert.NotEqual(shared, a.Blocks[1]);
        Assert.Equal(42, _pool.Values(a.Blocks[1], 1, 1)[5]);
        Assert.False(_pool.IsShared(shared));
        b.Clear();
        Assert.Equal(6, _pool.FreeBlocks);
    }

    [Fact]
    public void TryReserve_NoBlockForTheCopy_ChangesNothing()
    {
        KvSequence a = Cached(32);
        KvSequence b = new(_pool);
        b.EnsureCapacity(64);
        b.Share(a, 32);
        KvSequence rest = Cached(6 * 16);
        a.Truncate(20);
        Assert.False(a.TryReserve(1));
        Assert.True(_pool.IsShared(a.Blocks[1]));
        rest.Clear();
        Assert.True(a.TryReserve(1));
    }

    [Fact]
    public void Keys_BlockOutsideThePool_Throws() => Assert.Throws<ArgumentOutOfRangeException>(() => { _ = *_pool.Keys(8, 0, 0); });

    [Fact]
    public void AnyOperations_InAnyOrder_LoseNoBlockAndGiveNoneTwice()
    {
        Random random = new(3);
        KvSequence[] sequences = Enumerable.Range(0, 5).Select(_ => new KvSequence(_pool)).ToArray();
        foreach (KvSequence sequence in sequences)
        {
            sequence.EnsureCapacity(8 * 16);
        }

        for (int i = 0; i < 20_000; i++)
        {
            KvSequence s = sequences[random.Next(5)];
            KvSequence other = sequences[random.Next(5)];
            switch (random.Next(5))
            {
                case 0 or 1:
                    int tokens = 1 + random.Next(20);
                    if (s.CachedCount + tokens <= 8 * 16 && s.TryReserve(tokens))
                    {
                        s.Advance(tokens);
                    }

                    break;
                case 2:
                    s.Truncate(random.Next(s.CachedCount + 1));
                    break;
                case 3 when s.BlockCount == 0 && other != s:
                    s.Share(other, other.CachedCount / 16 * 16);
                    break;
                case 4:
                    s.Clear();
                    break;
            }

            HashSet<int> held = [.. sequences.SelectMany(q => q.Blocks.ToArray())];
            Assert.Equal(8 - held.Count, _pool.FreeBlocks);
            Assert.All(sequences, q => Assert.True(q.BlockCount * 16 >= q.CachedCount));
            foreach (int block in held)
            {
                Assert.Equal(sequences.Count(q => q.Blocks.Contains(block)) > 1, _pool.IsShared(block));
            }
        }
    }

    private KvSequence Cached(int tokens)
    {
        KvSequence sequence = new(_pool);
        sequence.EnsureCapacity(128);
        Assert.True(sequence.TryReserve(tokens));
        sequence.Advance(tokens);
        return sequence;
    }
}
