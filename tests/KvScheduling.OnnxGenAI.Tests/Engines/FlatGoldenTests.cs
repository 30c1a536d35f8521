namespace KvScheduling.OnnxGenAI.Tests;

/// <summary>The flat engine gives every golden output, whatever else runs and whatever is done to the sequences.</summary>
public sealed class FlatGoldenTests
{
    [NativeFact]
    public void RunStep_OneByOne_GivesGoldenOutputs()
    {
        using IInferenceEngine engine = TestModels.Flat.CreateEngine();
        foreach (GoldenCase golden in GoldenCases.TinyChat)
        {
            DrivenRequest request = DrivenRequest.Of(golden);
            new EngineDriver(engine).Run([request]);
            Golden.AssertEqual(golden, request);
        }
    }

    [NativeFact]
    public void RunStep_InTurnWithChunksHoldsEvictionsAndCancels_GivesGoldenOutputs()
    {
        using IInferenceEngine engine = TestModels.Flat.CreateEngine();
        EngineDriver driver = new(engine, disturbSeed: 5);
        Golden.RunAll(driver, GoldenCases.Medium);
        Assert.True(driver.WidestStep > 8 && driver.Holds > 100 && driver.Evictions > 20, $"{driver.WidestStep} wide, {driver.Holds} holds, {driver.Evictions} evictions.");
    }
}
