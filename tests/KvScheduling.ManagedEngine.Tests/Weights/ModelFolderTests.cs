using KvScheduling.ManagedEngine.Tests.Text;

namespace KvScheduling.ManagedEngine.Tests.Weights;

public sealed class ModelFolderTests
{
    [Fact]
    public void Open_BundledModel_ReadsItsShape()
    {
        using ModelFolder folder = ModelFolder.Open(TestFolders.TinyChat);
        ModelConfig config = folder.Weights.Config;

        Assert.Equal("tiny-chat", folder.ModelId);
        Assert.Equal("LlamaForCausalLM", config.Architecture);
        Assert.Equal((192, 512, 4), (config.HiddenSize, config.IntermediateSize, config.LayerCount));
        Assert.Equal((6, 2, 32), (config.QueryHeads, config.KvHeads, config.HeadSize));
        Assert.Equal((1024, 4096), (config.VocabularySize, config.MaxContextTokens));
        Assert.Equal(1e-5f, config.NormEpsilon);
        Assert.Equal([3, 1], config.EndTokens);
        Assert.False(folder.Weights.Contains("lm_head.weight"));
        Assert.NotNull(folder.TextCodec);
    }
}
