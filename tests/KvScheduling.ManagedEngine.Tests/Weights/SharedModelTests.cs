using KvScheduling.ManagedEngine.Tests.Text;

namespace KvScheduling.ManagedEngine.Tests.Weights;

/// <summary>Folders that real tools wrote, where they are beside the clone.</summary>
public sealed class SharedModelTests
{
    private static readonly string[] Families = ["llama", "mistral", "qwen2", "qwen3"];

    [SharedFact("zoo")]
    public void Open_BuilderFolders_HaveTheSameWeightsAsSafetensors()
    {
        foreach (string family in Families)
        {
            AssertSameWeights(TestFolders.Shared($"zoo/hf/{family}"), TestFolders.Shared($"zoo/{family}-fp32"));
        }
    }

    [SharedFact("zoo")]
    public void Open_Int4BuilderFolders_KeepTheirBlocks()
    {
        foreach ((string name, bool isTied) in (ReadOnlySpan<(string, bool)>)[("llama-int4", true), ("llama-untied-int4", false), ("qwen2-int4", true)])
        {
            using ModelFolder folder = ModelFolder.Open(TestFolders.Shared($"zoo/{name}"));

            Assert.True(folder.Weights.IsInt4("model.layers.1.self_attn.k_proj.weight"));
            Assert.Equal(isTied, folder.Weights.IsInt4("model.embed_tokens.weight"));
            Assert.Equal(!isTied, folder.Weights.Contains("lm_head.weight"));
            Assert.Equal(name.StartsWith("qwen2", StringComparison.Ordinal), folder.Weights.Contains("model.layers.0.self_attn.v_proj.bias"));
        }
    }

    [SharedFact("zoo")]
    public void Open_Gemma_IsRefusedByName() => Assert.Contains(
        "'gemma'",
        Assert.Throws<ModelFolderException>(() => ModelFolder.Open(TestFolders.Shared("zoo/gemma-fp32"))).Message,
        StringComparison.Ordinal);

    [SharedFact("tiny-chat")]
    public void Open_CudaFolder_IsRefusedByItsOperator() => Assert.Contains(
        "operator PagedAttention",
        Assert.Throws<ModelFolderException>(() => ModelFolder.Open(TestFolders.Shared("tiny-chat/cuda-paged"))).Message,
        StringComparison.Ordinal);

    [SharedFact("tiny-chat")]
    public void Open_CompactFloat16Graph_HasTheSameWeightsAsSafetensors()
    {
        AssertSameWeights(TestFolders.TinyChat, TestFolders.Shared("tiny-chat/flat"));
        AssertSameWeights(TestFolders.TinyChat, TestFolders.Shared("tiny-chat/paged"));
    }

    [SharedFact("smollm2-135m")]
    public void Open_SmolLM_IsInt4InBothGraphs()
    {
        using TemporaryFolder flat = TemporaryFolder.CopyOf(TestFolders.Shared("smollm2-135m/flat"));
        Assert.EndsWith("model.onnx.data", Assert.Throws<ModelFolderException>(() => ModelFolder.Open(flat.Path)).File, StringComparison.Ordinal);

        File.CreateSymbolicLink(flat.File("model.onnx.data"), TestFolders.Shared("smollm2-135m/paged/model.onnx.data"));
        using ModelFolder first = ModelFolder.Open(flat.Path);
        using ModelFolder second = ModelFolder.Open(TestFolders.Shared("smollm2-135m/paged"));
        foreach (IWeightSource weights in (ReadOnlySpan<IWeightSource>)[first.Weights, second.Weights])
        {
            Assert.True(weights.IsInt4("model.layers.29.self_attn.v_proj.weight"));
            Assert.True(weights.IsInt4("model.embed_tokens.weight"));
            Assert.False(weights.Contains("lm_head.weight"));
            Assert.Equal((1536, 30, 8192), (weights.Config.IntermediateSize, weights.Config.LayerCount, weights.Config.MaxContextTokens));
            Assert.Equal([2], weights.Config.EndTokens);
        }
    }

    private static void AssertSameWeights(string expectedFolder, string actualFolder)
    {
        using ModelFolder expected = ModelFolder.Open(expectedFolder);
        using ModelFolder actual = ModelFolder.Open(actualFolder);
        ModelConfig config = expected.Weights.Config;
        Assert.Equal(config.IntermediateSize, actual.Weights.Config.IntermediateSize);
        Assert.Equal(config.NormEpsilon, actual.Weights.Config.NormEpsilon);
        Assert.Equal(config.EndTokens, actual.Weights.Config.EndTokens);
        foreach (TensorExpectation tensor in TensorExpectation.For(config, ArchitectureTraits.FromHuggingFace(config.Architecture)!, tiesHead: null))
        {
            Assert.Equal(expected.Weights.Contains(tensor.Name), actual.Weights.Contains(tensor.Name));
            if (!expected.Weights.Contains(tensor.Name))
            {
                continue;
            }

            var left = new float[tensor.Columns];
            var right = new float[tensor.Columns];
            for (int row = 0; row < tensor.Rows; row++)
            {
                expected.Weights.ReadRow(tensor.Name, row, left);
                actual.Weights.ReadRow(tensor.Name, row, right);
                Assert.True(left.AsSpan().SequenceEqual(right), $"{actualFolder}: {tensor.Name} row {row}");
            }
        }
    }
}
