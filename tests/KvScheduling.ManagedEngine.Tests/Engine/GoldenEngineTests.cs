namespace KvScheduling.ManagedEngine.Tests;

/// <summary>Golden outputs, and logits equal to the bit, however sequences are batched, cut, held, evicted and resumed.</summary>
public sealed class GoldenEngineTests
{
    [Fact]
    public void RunStep_Solo_GivesEveryGoldenOutputAndItsEnd()
    {
        Assert.Equal(86, TinyChat.Cases.Length);
        for (int i = 0; i < TinyChat.Cases.Length; i++)
        {
            Assert.Equal(TinyChat.Cases[i].Output, TinyChat.Solo[i].Output);
            Assert.Contains(TinyChat.Solo[i].Tokens[^1], new[] { 1, 3 });
        }
    }

    [Fact]
    public void RunStep_StaggeredArrivalsInChunksOf64_EqualsSolo() => Check(TinyChat.Cases, new DriveOptions { Arrivals = 3, Chunk = 64 });

    [Fact]
    public void RunStep_AllAtOnceInChunksOf7_EqualsSolo() => Check(TinyChat.Cases, new DriveOptions { Chunk = 7, Seed = 2 });

    [Fact]
    public void RunStep_AtRandomHeld_EqualsSolo() => Check(TinyChat.Cases, new DriveOptions { Holds = 0.4, Arrivals = 8, Seed = 3 });

    [Fact]
    public void RunStep_AtRandomEvictedAndResumed_EqualsSolo() => Check(TinyChat.ShortCases, new DriveOptions { Evictions = 0.02, Seed = 4 });

    [Fact]
    public void RunStep_HeldEvictedAndNineAtATime_EqualsSolo() =>
        Check(TinyChat.ShortCases, new DriveOptions { Holds = 0.2, Evictions = 0.01, MaxActive = 9, Arrivals = 2, Chunk = 33, Seed = 5 });

    [Theory]
    [InlineData(1, 512)]
    [InlineData(3, 512)]
    [InlineData(2, 256)]
    [InlineData(2, 128)]
    public void RunStep_OtherThreadsAndWidths_GiveTheSameBits(int threads, int bits)
    {
        GoldenCase[] cases = TinyChat.ShortCases.Where((_, i) => i % 3 == 0).ToArray();
        using ManagedInferenceEngine engine = TinyChat.LoadEngine(o => (o.Threads, o.MaxVectorBits) = (threads, bits));
        Assert.InRange(engine.Model.Lanes * 32, 128, bits);
        TinyChat.AssertAsAlone(cases, EngineDriver.Run(engine, cases, new DriveOptions { Chunk = 100, Arrivals = 5, Seed = 6 }));
    }

    [Theory]
    [InlineData(WeightFormat.BFloat16)]
    [InlineData(WeightFormat.Int8)]
    [InlineData(WeightFormat.Int4)]
    public void RunStep_RoundedWeights_BatchedEqualsSoloToTheBit(WeightFormat format)
    {
        GoldenCase[] cases = TinyChat.ShortCases.Where((_, i) => i % 2 == 0).ToArray();
        using ManagedInferenceEngine engine = TinyChat.LoadEngine(o => o.WeightFormat = format);
        Driven[] solo = EngineDriver.Run(engine, cases, new DriveOptions { MaxActive = 1 });
        Driven[] batched = EngineDriver.Run(engine, cases, new DriveOptions { Chunk = 50, Arrivals = 6, Seed = 7 });
        for (int i = 0; i < cases.Length; i++)
        {
            Assert.Equal(solo[i].Fingerprints, batched[i].Fingerprints);
        }

        // Rounding to 16 and 8 bits moves no golden token; to 4 bits it may move a few.
        int exact = Enumerable.Range(0, cases.Length).Count(i => solo[i].Output.SequenceEqual(cases[i].Output));
        Assert.InRange(exact, format == WeightFormat.Int4 ? cases.Length * 9 / 10 : cases.Length, cases.Length);
    }

    private static void Check(GoldenCase[] cases, DriveOptions options)
    {
        using ManagedInferenceEngine engine = TinyChat.LoadEngine();
        TinyChat.AssertAsAlone(cases, EngineDriver.Run(engine, cases, options));
        Assert.Equal(engine.Model.Cache.BlockCount, engine.Model.Cache.FreeBlocks);
    }
}
