namespace KvScheduling.OnnxGenAI.Tests;

/// <summary>The paged engine gives golden outputs whatever else runs and whatever is done to the sequences. One by one, the conformance suite asks for all of them.</summary>
public sealed class PagedGoldenTests
{
    [NativeFact]
    public void RunStep_AllAtOnce_GivesGoldenOutputs()
    {
        using IInferenceEngine engine = TestModels.Paged.CreateEngine();
        EngineDriver driver = new(engine);
        Golden.RunAll(driver, GoldenCases.TinyChat);
        Assert.True(driver.WidestStep > 8, $"The widest step had {driver.WidestStep} sequences.");
        Assert.Equal(0, driver.OutOfCapacity);
    }

    [NativeTheory]
    [InlineData(1)]
    public void RunStep_StaggeredWithEvictionsAndCancels_GivesGoldenOutputs(int seed)
    {
        using IInferenceEngine engine = TestModels.Paged.CreateEngine();
        EngineDriver driver = new(engine, seed);
        Golden.RunAll(driver, GoldenCases.Medium);
        Assert.True(driver.Evictions > 20, $"Only {driver.Evictions} evictions.");
    }

    [NativeTheory]
    [InlineData(3)]
    public void RunStep_WithSoftHolds_GivesGoldenOutputs(int seed)
    {
        using IInferenceEngine engine = TestModels.PagedSharing.CreateEngine();
        EngineDriver driver = new(engine, seed);
        Golden.RunAll(driver, GoldenCases.Medium);
        Assert.True(driver.Holds > 100, $"Only {driver.Holds} holds.");
    }

    [NativeFact]
    public void RunStep_PoolTooSmallForAll_EvictsAndGivesGoldenOutputs()
    {
        using OnnxGenAIModel model = TestModels.Load("paged", static options => options.KvTokens = 80 * 16);
        using IInferenceEngine engine = model.CreateEngine();
        EngineDriver driver = new(engine) { ReservesLimit = false };
        Golden.RunAll(driver, GoldenCases.Medium);
        Assert.True(driver.OutOfCapacity > 0, "The pool never ran out.");
    }
}
