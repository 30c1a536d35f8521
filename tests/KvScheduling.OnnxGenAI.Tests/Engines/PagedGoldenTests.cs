namespace KvScheduling.OnnxGenAI.Tests;

/// <summary>The paged engine gives every golden output, whatever else runs and whatever is done to the sequences.</summary>
public sealed class PagedGoldenTests
{
    [NativeFact]
    public void RunStep_OneByOne_GivesGoldenOutputs()
    {
        using IInferenceEngine engine = TestModels.Paged.CreateEngine();
        foreach (GoldenCase golden in GoldenCases.TinyChat)
        {
            DrivenRequest request = DrivenRequest.Of(golden);
            new EngineDriver(engine).Run([request]);
            Golden.AssertEqual(golden, request);
        }
    }

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
    [InlineData(2)]
    public void RunStep_StaggeredWithEvictionsAndCancels_GivesGoldenOutputs(int seed)
    {
        using IInferenceEngine engine = TestModels.Paged.CreateEngine();
        EngineDriver driver = new(engine, seed);
        Golden.RunAll(driver, GoldenCases.Medium);
        Assert.True(driver.Evictions > 20, $"Only {driver.Evictions} evictions.");
    }

    [NativeTheory]
    [InlineData(3)]
    [InlineData(4)]
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
