namespace KvScheduling.ManagedEngine.Tests;

/// <summary>Other architectures against outputs of other engines, through the port and, for the numeric part, without the library's folder readers.</summary>
public sealed class ZooTests
{
    [SharedTheory("zoo/hf")]
    [InlineData("llama")]
    [InlineData("mistral")]
    [InlineData("qwen2")]
    [InlineData("qwen3")]
    public void RunStep_Architecture_GivesItsGoldenOutputsSoloAndBatched(string name)
    {
        string folder = Path.Combine(TestFolders.SharedModels, "zoo", "hf", name);
        using SafetensorsSource source = new(folder);
        GoldenCase[] cases = Golden.Load(Path.Combine(folder, "golden.json"));
        Assert.Equal(4, cases.Length);
        using ManagedInferenceEngine engine = ManagedEngineLoader.Load(source, null, name, new ManagedEngineOptions { Threads = 2 });
        Driven[] solo = EngineDriver.Run(engine, cases, new DriveOptions { MaxActive = 1 });
        Driven[] batched = EngineDriver.Run(engine, cases, new DriveOptions { Chunk = 30, Arrivals = 2, Holds = 0.2, Evictions = 0.05 });
        for (int i = 0; i < cases.Length; i++)
        {
            Assert.Equal(cases[i].Output, solo[i].Output);
            Assert.Equal(solo[i].Fingerprints, batched[i].Fingerprints);
        }
    }
}
