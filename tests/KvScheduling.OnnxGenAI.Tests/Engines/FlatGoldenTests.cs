namespace KvScheduling.OnnxGenAI.Tests;

/// <summary>The flat engine gives golden outputs whatever is done to the sequences. One by one, the conformance suite asks for all of them.</summary>
public sealed class FlatGoldenTests
{
    [NativeFact]
    public void RunStep_InTurnWithChunksHoldsEvictionsAndCancels_GivesGoldenOutputs()
    {
        using IInferenceEngine engine = TestModels.Flat.CreateEngine();
        EngineDriver driver = new(engine, disturbSeed: 5);
        Golden.RunAll(driver, GoldenCases.Medium);
        Assert.True(driver.WidestStep > 8 && driver.Holds > 100 && driver.Evictions > 20, $"{driver.WidestStep} wide, {driver.Holds} holds, {driver.Evictions} evictions.");
    }
}
