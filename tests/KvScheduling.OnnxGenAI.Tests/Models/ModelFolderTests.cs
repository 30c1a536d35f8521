using System.Text.Json.Nodes;

namespace KvScheduling.OnnxGenAI.Tests;

/// <summary>A wrong model folder is refused by name of the file and the field, before anything native is asked.</summary>
public sealed class ModelFolderTests
{
    [Fact]
    public void Read_TinyChat_GivesWhatTheConfigSays()
    {
        ModelFolder paged = ModelFolder.Read(TestFolders.TinyChatOnnx("paged"));
        Assert.True(paged.IsPaged);
        Assert.Equal((1024, 4096, 16, 1024L, 64, 512), (paged.VocabularySize, paged.ContextLength, paged.BlockSize!.Value, paged.BlockCount!.Value, paged.MaxBatchSize!.Value, paged.MaxScheduledTokens!.Value));
        Assert.Equal([3, 1], paged.EndTokens);
        Assert.Equal(512, paged.KvElementsPerToken);
        Assert.False(ModelFolder.Read(TestFolders.TinyChatOnnx("flat")).IsPaged);
    }

    [Fact]
    public void Read_NoFolder_NamesIt() => AssertWrong(Path.Combine(TestFolders.NewFolder(), "gone"), "gone does not exist");

    [Fact]
    public void Read_HuggingFaceFolder_PointsToTheOtherEngine() => AssertWrong(TestFolders.TinyChat, "managed engine");

    [Fact]
    public void Read_BrokenJson_NamesTheFile()
    {
        string folder = TestFolders.CopyOf(TestFolders.TinyChatOnnx("paged"));
        File.WriteAllText(Path.Combine(folder, "genai_config.json"), "{ \"model\": ");
        AssertWrong(folder, "genai_config.json could not be read");
    }

    [Theory]
    [InlineData("model.vocab_size", null, "model.vocab_size is missing")]
    [InlineData("model.vocab_size", "0", "model.vocab_size must be a whole number from 1")]
    [InlineData("model.vocab_size", "\"many\"", "model.vocab_size must be a whole number")]
    [InlineData("model.context_length", null, "model.context_length is missing")]
    [InlineData("model.eos_token_id", null, "model.eos_token_id is missing")]
    [InlineData("model.eos_token_id", "5000", "model.eos_token_id must be one or more token ids from 0 to 1023")]
    [InlineData("model.eos_token_id", "[]", "model.eos_token_id must be one or more")]
    [InlineData("model.decoder", null, "model.decoder is missing")]
    [InlineData("model.decoder.filename", null, "model.decoder.filename is missing")]
    [InlineData("model.decoder.filename", "\"other.onnx\"", "other.onnx does not exist")]
    [InlineData("engine.dynamic_batching.block_size", "0", "engine.dynamic_batching.block_size must be")]
    [InlineData("engine.dynamic_batching", "7", "dynamic_batching must be an object")]
    public void Read_FieldMissingOrWrong_NamesIt(string field, string? value, string expected)
    {
        string folder = TestFolders.CopyOf(TestFolders.TinyChatOnnx("paged"));
        string file = Path.Combine(folder, "genai_config.json");
        JsonObject root = JsonNode.Parse(File.ReadAllText(file))!.AsObject();
        string[] path = field.Split('.');
        JsonObject parent = path[..^1].Aggregate(root, static (node, name) => node[name]!.AsObject());
        parent.Remove(path[^1]);
        if (value is not null)
        {
            parent[path[^1]] = JsonNode.Parse(value);
        }

        File.WriteAllText(file, root.ToJsonString());
        AssertWrong(folder, expected);
    }

    private static void AssertWrong(string folder, string expected) =>
        Assert.Contains(expected, Assert.Throws<OnnxGenAIException>(() => ModelFolder.Read(folder)).Message, StringComparison.Ordinal);
}
