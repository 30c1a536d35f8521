namespace KvScheduling.OnnxGenAI.Tests;

/// <summary>What is wrong with a model is found when it is loaded or warmed up, before the first user.</summary>
public sealed class ModelFaultTests
{
    [NativeFact]
    public void CreateEngine_BlockSizeThatTheGraphHasNot_IsFoundByTheWarmUp()
    {
        using OnnxGenAIModel model = TestModels.Load("paged", static options => options.BlockTokens = 32);
        AssertFails(() => model.CreateEngine(), "warm-up", "block_size (32;");
    }

    [NativeFact]
    public void CreateEngine_VocabularyThatTheGraphHasNot_IsFoundByTheWarmUp()
    {
        using OnnxGenAIModel model = TestModels.LoadFolder(Edited("paged", "\"vocab_size\": 1024", "\"vocab_size\": 2048"));
        AssertFails(() => model.CreateEngine(), "warm-up", "model.vocab_size (2048)");
    }

    [NativeFact]
    public void CreateEngine_FlatGraphCalledPaged_IsFoundByTheWarmUp()
    {
        string folder = Edited("flat", "\"search\": {", "\"engine\": {\"dynamic_batching\": {\"block_size\": 16, \"num_blocks\": 64}}, \"search\": {");
        AssertFails(() => TestModels.LoadFolder(folder).CreateEngine(), "genai_config.json that does not fit the model's graph");
    }

    [NativeFact]
    public void CreateEngine_PagedGraphCalledFlat_IsFoundByTheWarmUp()
    {
        string folder = Edited("paged", "\"engine\": {", "\"engine\": {}, \"engine_off\": {");
        string config = Path.Combine(folder, "genai_config.json");
        string text = File.ReadAllText(config);
        int cut = text.IndexOf(", \"engine_off\"", StringComparison.Ordinal);
        File.WriteAllText(config, text[..cut] + "}");
        AssertFails(() => TestModels.LoadFolder(folder).CreateEngine(), folder);
    }

    [NativeFact]
    public void CreateEngine_PoolLargerThanMemory_NamesSizeAndOption()
    {
        using OnnxGenAIModel model = TestModels.Load("paged", static options => options.KvTokens = 16L * int.MaxValue);
        AssertFails(() => model.CreateEngine(), "KV pool of 34,359,738,352 tokens", "lower OnnxGenAIEngineOptions.KvTokens");
    }

    [NativeFact]
    public void Load_TruncatedGraph_NamesTheFolder()
    {
        string folder = TestFolders.CopyOf(TestFolders.TinyChatOnnx("paged"));
        using (FileStream graph = File.OpenWrite(Path.Combine(folder, "model.onnx")))
        {
            graph.SetLength(graph.Length / 2);
        }

        AssertFails(() => TestModels.LoadFolder(folder), $"The model in {folder} could not be loaded");
    }

    [NativeFact]
    public void Load_UnknownKeyInTheConfig_NamesIt() =>
        AssertFails(() => TestModels.LoadFolder(Edited("paged", "\"block_size\": 16", "\"block_size\": 16, \"no_such_key\": 1")), "no_such_key");

    [NativeFact]
    public void Load_NoTokenizer_ServesTokensWithoutText()
    {
        string folder = TestFolders.CopyOf(TestFolders.TinyChatOnnx("paged"));
        File.Delete(Path.Combine(folder, "tokenizer_config.json"));
        using OnnxGenAIModel model = TestModels.LoadFolder(folder);
        using IInferenceEngine engine = model.CreateEngine();
        Assert.Null(engine.TextCodec);
        Assert.False(engine.Description.SupportsGuidance);
        Golden.RunAll(new EngineDriver(engine), GoldenCases.Short(2));
    }

    [NativeFact]
    public void Load_BrokenTokenizer_NamesTheFile()
    {
        string folder = TestFolders.CopyOf(TestFolders.TinyChatOnnx("paged"));
        File.WriteAllText(Path.Combine(folder, "tokenizer.json"), "{");
        AssertFails(() => TestModels.LoadFolder(folder), "tokenizer.json");
    }

    [NativeFact(Model = "tiny-chat/cuda-paged")]
    public void Load_CudaModelWithTheCpuLibraries_NamesThePackage()
    {
        string folder = Path.Combine(TestFolders.SharedModels!, "tiny-chat", "cuda-paged");
        AssertFails(() => TestModels.LoadFolder(folder), "libonnxruntime-genai-cuda.so does not exist", "Microsoft.ML.OnnxRuntimeGenAI.Cuda");
    }

    [NativeFact(Model = "tiny-chat/cuda-paged")]
    public void Load_CudaModelOnTheCpu_SaysThatItCant()
    {
        string folder = Path.Combine(TestFolders.SharedModels!, "tiny-chat", "cuda-paged");
        AssertFails(
            () => TestModels.LoadFolder(folder, static options =>
            {
                options.Provider = OnnxGenAIProvider.Cpu;
                options.KvTokens = 1024;
            }),
            "PagedAttention",
            "built for CUDA");
    }

    [NativeFact]
    public void Load_CudaAskedForWithTheCpuLibraries_NamesThePackage() =>
        AssertFails(() => TestModels.Load("paged", static options => options.Provider = OnnxGenAIProvider.Cuda), "Provider is Cuda", "Microsoft.ML.OnnxRuntimeGenAI.Cuda");

    [NativeFact]
    public void CreateEngine_SmallPool_ReportsExactlyItsSize()
    {
        using OnnxGenAIModel model = TestModels.Load("paged", static options =>
        {
            options.KvTokens = 1000;
            options.MaxSequences = 5;
            options.MaxStepTokens = 40;
            options.ModelId = "tiny";
        });
        using IInferenceEngine engine = model.CreateEngine();
        EngineDescription description = engine.Description;
        Assert.Equal(("tiny", 992L, 16, 5, 40, 993), (description.ModelId, description.KvCapacityTokens, description.BlockTokens, description.MaxSequences, description.MaxStepTokens, description.MaxContextTokens));
        Golden.RunAll(new EngineDriver(engine), GoldenCases.Short(10));
    }

    private static string Edited(string form, string from, string to)
    {
        string folder = TestFolders.CopyOf(TestFolders.TinyChatOnnx(form));
        string config = Path.Combine(folder, "genai_config.json");
        string text = File.ReadAllText(config);
        Assert.Contains(from, text, StringComparison.Ordinal);
        File.WriteAllText(config, text.Replace(from, to, StringComparison.Ordinal));
        return folder;
    }

    private static void AssertFails(Func<object> action, params string[] expected)
    {
        OnnxGenAIException error = Assert.Throws<OnnxGenAIException>(action);
        Assert.All(expected, part => Assert.Contains(part, error.Message, StringComparison.Ordinal));
    }
}
