namespace KvScheduling.ManagedEngine.Tests;

public sealed class ManagedEngineOptionsTests
{
    public static TheoryData<string, Action<ManagedEngineOptions>> Wrong => new()
    {
        { nameof(ManagedEngineOptions.KvCapacityTokens), o => o.KvCapacityTokens = 15 },
        { nameof(ManagedEngineOptions.KvCapacityTokens), o => o.KvCapacityTokens = long.MaxValue },
        { nameof(ManagedEngineOptions.MaxSequences), o => o.MaxSequences = 0 },
        { nameof(ManagedEngineOptions.MaxSequences), o => o.MaxSequences = 4097 },
        { nameof(ManagedEngineOptions.MaxStepTokens), o => o.MaxStepTokens = 0 },
        { nameof(ManagedEngineOptions.MaxStepTokens), o => o.MaxStepTokens = 8193 },
        { nameof(ManagedEngineOptions.Threads), o => o.Threads = 0 },
        { nameof(ManagedEngineOptions.Threads), o => o.Threads = 257 },
        { nameof(ManagedEngineOptions.WeightFormat), o => o.WeightFormat = (WeightFormat)9 },
        { nameof(ManagedEngineOptions.MaxVectorBits), o => o.MaxVectorBits = 300 },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void Load_SettingOutOfRange_NamesItAndItsRange(string name, Action<ManagedEngineOptions> change)
    {
        ManagedEngineOptions options = new();
        change(options);
        using SafetensorsSource source = new(TestFolders.TinyChat);
        ArgumentOutOfRangeException e = Assert.Throws<ArgumentOutOfRangeException>(() => ManagedEngineLoader.Load(source, null, "x", options));
        Assert.Equal("ManagedEngineOptions." + name, e.ParamName);
        Assert.Contains("Must be", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Defaults_AreAsDocumented()
    {
        ManagedEngineOptions o = new();
        Assert.Equal((null, 64, 512, null, WeightFormat.Auto, 512), (o.KvCapacityTokens, o.MaxSequences, o.MaxStepTokens, o.Threads, o.WeightFormat, o.MaxVectorBits));
        Assert.Equal(Math.Min(Environment.ProcessorCount, 16), o.EffectiveThreads);
    }

    [Theory]
    [InlineData(null, 1L << 40, 4096)]
    [InlineData(null, 4L * 2048 * 160, 10)]
    [InlineData(null, 1L, 1)]
    [InlineData(100L, 1L, 6)]
    [InlineData(1_000_000L, 1L, 62500)]
    public void ChooseBlocks_SettingOrMemory_GivesWholeBlocks(long? setting, long memory, int blocks)
    {
        using SafetensorsSource source = new(TestFolders.TinyChat);
        Assert.Equal(2048, KvPool.BytesPerToken(source.Config));
        Assert.Equal(blocks, KvCapacity.ChooseBlocks(setting, source.Config, memory));
    }
}
