namespace KvScheduling.ManagedEngine.Tests;

/// <summary>From a folder to golden outputs, as an application does it.</summary>
public sealed class ModelFolderEngineTests
{
    [Fact]
    public void Load_TinyChat_AnswersAsItsGoldenOutputsSay()
    {
        using ManagedInferenceEngine engine = Load(TestFolders.TinyChat, new ManagedEngineOptions { Threads = 2 });
        Assert.Equal("tiny-chat", engine.Description.ModelId);
        Assert.NotNull(engine.TextCodec);
        GoldenCase[] cases = TinyChat.ShortCases.Take(20).ToArray();
        TinyChat.AssertAsAlone(cases, EngineDriver.Run(engine, cases, new DriveOptions()));
    }

    [Fact]
    public void Load_OptionsChangedAfterwards_HasNoEffect()
    {
        ManagedEngineOptions options = new() { MaxSequences = 3 };
        using IInferenceEngine engine = ManagedEngine.Load(TestFolders.TinyChat, options);
        options.MaxSequences = 9;
        Assert.Equal(3, engine.Description.MaxSequences);
    }

    [Fact]
    public void Load_BadOptionsOrFolder_FailsBeforeAnyWork()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => ManagedEngine.Load("nowhere", new ManagedEngineOptions { MaxSequences = 0 }));
        Assert.Throws<ModelFolderException>(() => ManagedEngine.Load("nowhere"));
    }

    [Fact]
    public void AddManagedEngine_SettingOutOfRange_FailsAtRegistration()
    {
        Builder builder = new();
        Assert.Throws<ArgumentOutOfRangeException>(() => builder.AddManagedEngine(TestFolders.TinyChat, o => o.MaxStepTokens = 0));
        Assert.ThrowsAny<ArgumentException>(() => builder.AddManagedEngine(" "));
    }

    /// <summary>Prompts of a real conversation model, 4 bits as they are in the file, solo and all at once, prompts whole and in chunks.</summary>
    [ModelTheory("smollm2-135m")]
    [InlineData(512)]
    [InlineData(256)]
    public void RunStep_SmolLM2Int4_GivesEveryGoldenOutput(int bits)
    {
        string folder = SmolLM2Folder();
        try
        {
            GoldenCase[] cases = Golden.Load(Path.Combine(TestFolders.SharedModels, "smollm2-135m", "golden.json"));
            Assert.Equal(12, cases.Length);
            using ManagedInferenceEngine engine = Load(folder, new ManagedEngineOptions { Threads = 2, KvCapacityTokens = 16_384, MaxVectorBits = bits });

            // 256 bits once more for all would double the suite's time: the shorter prompts take every kernel.
            cases = bits == 512 ? cases : cases.Where(c => c.Prompt.Length < 200).ToArray();
            Driven[] batched = EngineDriver.Run(engine, cases, new DriveOptions { Chunk = 200, Arrivals = 5 });
            Assert.All(cases.Zip(batched), pair => Assert.Equal(pair.First.Output, pair.Second.Output));
            Driven[] solo = EngineDriver.Run(engine, cases.Take(4).ToArray(), new DriveOptions { MaxActive = 1 });
            Assert.All(solo.Zip(batched), pair => Assert.Equal(pair.First.Fingerprints, pair.Second.Fingerprints));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void Load_ChatTemplateOverride_RendersByItInsteadOfTheFolders()
    {
        using IInferenceEngine engine = ManagedEngine.Load(TestFolders.TinyChat, new ManagedEngineOptions
        {
            ChatTemplateOverride = "{% for m in messages %}[{{ m.role }}] {{ m.content }}\n{% endfor %}",
        });
        string prompt = engine.TextCodec!.ApplyChatTemplate("""[{"role":"user","content":"Hi"}]""", null, addGenerationPrompt: true);
        Assert.Equal("[user] Hi\n", prompt);
    }

    [ModelTheory("zoo")]
    [InlineData("llama-fp32")]
    [InlineData("mistral-fp32")]
    [InlineData("qwen2-fp32")]
    [InlineData("qwen3-fp32")]
    [InlineData("hf/llama")]
    [InlineData("hf/mistral")]
    [InlineData("hf/qwen2")]
    [InlineData("hf/qwen3")]
    public void RunStep_ZooFloat32_GivesEveryGoldenOutput(string name)
    {
        (Driven[] solo, GoldenCase[] cases) = RunSoloAndBatched(name, WeightFormat.Auto);
        Assert.All(solo.Zip(cases), pair => Assert.Equal(pair.Second.Output, pair.First.Output));
    }

    /// <summary>
    /// Their golden outputs were made with 8-bit activations, which this engine does not have: with random weights tokens soon part. What must hold exactly is that 4-bit
    /// weights give the bits of the float32 numbers that they stand for.
    /// </summary>
    [ModelTheory("zoo")]
    [InlineData("llama-int4", 4, 2)]
    [InlineData("llama-untied-int4", 4, 1)]
    [InlineData("qwen2-int4", 3, 1)]
    public void RunStep_ZooInt4_EqualsItsFloat32WeightsAndMostFirstTokens(string name, int firstTokens, int exact)
    {
        (Driven[] int4, GoldenCase[] cases) = RunSoloAndBatched(name, WeightFormat.Auto);
        (Driven[] float32, _) = RunSoloAndBatched(name, WeightFormat.Float32);
        Assert.All(int4.Zip(float32), pair => Assert.Equal(pair.Second.Fingerprints, pair.First.Fingerprints));
        Assert.InRange(int4.Zip(cases).Count(pair => pair.First.Tokens[0] == pair.Second.Output[0]), firstTokens, 4);
        Assert.InRange(int4.Zip(cases).Count(pair => pair.First.Output.SequenceEqual(pair.Second.Output)), exact, 4);
    }

    private static (Driven[] Solo, GoldenCase[] Cases) RunSoloAndBatched(string name, WeightFormat format)
    {
        string folder = Path.Combine(TestFolders.SharedModels, "zoo", name);
        GoldenCase[] cases = Golden.Load(Path.Combine(folder, "golden.json"));
        Assert.Equal(4, cases.Length);
        using ManagedInferenceEngine engine = Load(folder, new ManagedEngineOptions { Threads = 2, WeightFormat = format });
        Driven[] solo = EngineDriver.Run(engine, cases, new DriveOptions { MaxActive = 1 });
        Driven[] batched = EngineDriver.Run(engine, cases, new DriveOptions { Chunk = 17, Arrivals = 2, Holds = 0.2, Evictions = 0.05 });
        Assert.All(solo.Zip(batched), pair => Assert.Equal(pair.First.Fingerprints, pair.Second.Fingerprints));
        return (solo, cases);
    }

    private static ManagedInferenceEngine Load(string folder, ManagedEngineOptions options) => (ManagedInferenceEngine)ManagedEngine.Load(folder, options);

    /// <summary>The model's weights are stored once, beside the graph of another folder; this lays a complete folder out by links.</summary>
    private static string SmolLM2Folder()
    {
        string source = Path.Combine(TestFolders.SharedModels, "smollm2-135m");
        string folder = Directory.CreateTempSubdirectory("smollm2-").FullName;
        foreach (string file in Directory.GetFiles(Path.Combine(source, "flat")))
        {
            File.CreateSymbolicLink(Path.Combine(folder, Path.GetFileName(file)), file);
        }

        File.CreateSymbolicLink(Path.Combine(folder, "model.onnx.data"), Path.Combine(source, "paged", "model.onnx.data"));
        return folder;
    }

    private sealed class Builder : IKvSchedulingBuilder
    {
        public string Name => "";

        public Microsoft.Extensions.DependencyInjection.IServiceCollection Services => throw new InvalidOperationException();
    }
}
