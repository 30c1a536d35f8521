using KvScheduling.ManagedEngine.Tests.Text;

namespace KvScheduling.ManagedEngine.Tests.Weights;

public sealed class ModelFolderTests
{
    private static readonly string[] Families = ["llama", "mistral", "qwen2", "qwen3"];

    [Fact]
    public void Open_BundledModel_ReadsItsShape()
    {
        using ModelFolder folder = ModelFolder.Open(TestFolders.TinyChat);
        ModelConfig config = folder.Weights.Config;

        Assert.Equal("tiny-chat", folder.ModelId);
        Assert.Equal("LlamaForCausalLM", config.Architecture);
        Assert.Equal((192, 512, 4, 6, 2, 32, 1024, 4096), (config.HiddenSize, config.IntermediateSize, config.LayerCount, config.QueryHeads, config.KvHeads, config.HeadSize, config.VocabularySize, config.MaxContextTokens));
        Assert.Equal(1e-5f, config.NormEpsilon);
        Assert.Equal([3, 1], config.EndTokens);
        Assert.False(folder.Weights.Contains("lm_head.weight"));
        Assert.NotNull(folder.TextCodec);
    }

    [SharedFact("zoo")]
    public void Open_BuilderFolders_HaveTheSameWeightsAsSafetensors()
    {
        foreach (string family in Families)
        {
            AssertSameWeights(TestFolders.Shared($"zoo/hf/{family}"), TestFolders.Shared($"zoo/{family}-fp32"));
        }
    }

    [SharedFact("tiny-chat")]
    public void Open_CompactFloat16Graph_HasTheSameWeightsAsSafetensors()
    {
        AssertSameWeights(TestFolders.TinyChat, TestFolders.Shared("tiny-chat/flat"));
        AssertSameWeights(TestFolders.TinyChat, TestFolders.Shared("tiny-chat/paged"));
    }

    [SharedFact("smollm2-135m")]
    public void Open_SmolLMFolder_IsInt4()
    {
        using ModelFolder folder = ModelFolder.Open(TestFolders.Shared("smollm2-135m/paged"));

        Assert.True(folder.Weights.IsInt4("model.layers.29.self_attn.v_proj.weight"));
        Assert.True(folder.Weights.IsInt4("model.embed_tokens.weight"));
        Assert.False(folder.Weights.Contains("lm_head.weight"));
        Assert.Equal(1536, folder.Weights.Config.IntermediateSize);
        Assert.Equal([2], folder.Weights.Config.EndTokens);
    }

    private static void AssertSameWeights(string expectedFolder, string actualFolder)
    {
        using ModelFolder expected = ModelFolder.Open(expectedFolder);
        using ModelFolder actual = ModelFolder.Open(actualFolder);
        ModelConfig config = expected.Weights.Config;
        Assert.Equal(config.IntermediateSize, actual.Weights.Config.IntermediateSize);
        Assert.Equal(config.NormEpsilon, actual.Weights.Config.NormEpsilon);
        string type = config.Architecture.Replace("ForCausalLM", "", StringComparison.Ordinal).ToLowerInvariant();
        foreach (TensorExpectation tensor in TensorExpectation.For(config, ArchitectureTraits.FromGenAI(type)!, tiesHead: null))
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
