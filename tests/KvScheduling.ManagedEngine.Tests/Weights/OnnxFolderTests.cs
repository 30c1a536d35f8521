namespace KvScheduling.ManagedEngine.Tests.Weights;

public sealed class OnnxFolderTests
{
    [Theory]
    [InlineData("llama", false)]
    [InlineData("mistral", true)]
    [InlineData("qwen2", false)]
    public void Open_Float32_HasTheWeightsThatWereWritten(string type, bool hasHead)
    {
        var tensors = SyntheticModel.Tensors(type, hasHead);
        using TemporaryFolder folder = new SyntheticGraph(tensors).Folder(SyntheticGraph.ConfigOf("model.type", $"\"{type}\"").ToJsonString());
        using ModelFolder model = ModelFolder.Open(folder.Path);
        ModelConfig config = model.Weights.Config;

        Assert.Equal((type, 96, 1e-5f, 128), (config.Architecture, config.IntermediateSize, config.NormEpsilon, config.MaxContextTokens));
        Assert.Equal([7], config.EndTokens);
        Assert.Equal((float)Math.Cos(9), config.RotaryCosines![9]);
        Assert.Equal((float)Math.Sin(9), config.RotarySines![9]);
        Assert.Equal(hasHead, model.Weights.Contains("lm_head.weight"));
        Assert.All(tensors, tensor =>
        {
            Assert.False(model.Weights.IsInt4(tensor.Key));
            Assert.Equal(tensor.Value.Numbers, HuggingFaceFolderTests.ReadAll(model.Weights, tensor.Key, tensor.Value.Shape));
        });
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Open_Int4_HasTheBlocksThatWereWritten(bool hasHead)
    {
        var tensors = SyntheticModel.Tensors(hasHead: hasHead);
        using TemporaryFolder folder = new SyntheticGraph(tensors, isInt4: true).Folder();
        using ModelFolder model = ModelFolder.Open(folder.Path);

        foreach ((string name, (int[] shape, float[] numbers)) in tensors.Where(tensor => tensor.Value.Shape.Length == 2))
        {
            // An embedding of its own is not quantised.
            bool isInt4 = name != "model.embed_tokens.weight" || !hasHead;
            Assert.Equal(isInt4, model.Weights.IsInt4(name));
            for (int row = 0; row < shape[0] && isInt4; row++)
            {
                (byte[] packed, float[] scales, float[] values) = SyntheticGraph.Quantize(numbers.AsSpan(row * shape[1], shape[1]));
                var actual = new float[shape[1]];
                var actualPacked = new byte[packed.Length];
                var actualScales = new float[scales.Length];
                model.Weights.ReadRow(name, row, actual);
                model.Weights.ReadInt4Row(name, row, actualPacked, actualScales);
                Assert.Equal(values, actual);
                Assert.Equal(packed, actualPacked);
                Assert.Equal(scales, actualScales);
            }
        }
    }

    [Fact]
    public void ReadRow_FromManyThreads_GivesTheSame()
    {
        var tensors = SyntheticModel.Tensors();
        using TemporaryFolder folder = new SyntheticGraph(tensors).Folder();
        using ModelFolder model = ModelFolder.Open(folder.Path);

        Parallel.For(0, 200, i =>
        {
            (string name, (int[] shape, float[] numbers)) = tensors.ElementAt(i % tensors.Count);
            Assert.Equal(numbers, HuggingFaceFolderTests.ReadAll(model.Weights, name, shape));
        });
    }

    [Fact]
    public void Open_ShorterRotaryTable_EndsTheContext()
    {
        string config = SyntheticGraph.ConfigOf("model.context_length", "4096").ToJsonString();
        using TemporaryFolder folder = new SyntheticGraph(SyntheticModel.Tensors()).Folder(config);
        using ModelFolder model = ModelFolder.Open(folder.Path);

        Assert.Equal(128, model.Weights.Config.MaxContextTokens);
    }

    [Theory]
    [InlineData("model.type", "\"gemma\"", "model.type", "'gemma'")]
    [InlineData("model.type", null, "model.type", "missing")]
    [InlineData("model.decoder", "3", "model.decoder", "object")]
    [InlineData("model.decoder.filename", "\"../model.onnx\"", "model.decoder.filename", "inside")]
    [InlineData("model.decoder.sliding_window", "{}", "model.decoder.sliding_window", "not supported")]
    [InlineData("model.decoder.head_size", "0", "model.decoder.head_size", "whole number")]
    [InlineData("model.decoder.num_key_value_heads", "3", "model.decoder.num_key_value_heads", "divide")]
    [InlineData("model.eos_token_id", "[1, 99]", "model.eos_token_id", "99")]
    [InlineData("model.context_length", "2000000000", "model.context_length", "rotary")]
    public void Open_ConfigurationThatIsWrong_NamesTheField(string path, string? value, string field, string mention)
    {
        using TemporaryFolder folder = new SyntheticGraph(SyntheticModel.Tensors()).Folder(SyntheticGraph.ConfigOf(path, value).ToJsonString());

        Assert.Contains(mention, DamagedFolderTests.Fails(folder, "genai_config.json", field).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/attention", "local_window_size", 64L, "sliding window")]
    [InlineData("/attention", "softcap", 30f, "softcap")]
    [InlineData("/attention", "scale", 0.5f, "scale")]
    [InlineData("/attention", "do_rotary", 0L, "do_rotary")]
    [InlineData("/attention", "rotary_interleaved", 1L, "rotary_interleaved")]
    [InlineData("/attention", "num_heads", 8L, "num_heads")]
    [InlineData("/norm", "epsilon", 0f, "epsilon")]
    [InlineData("/lm_head", "bits", 8L, "bits")]
    [InlineData("/lm_head", "block_size", 64L, "block_size")]
    public void Open_NodeThatIsNotSupported_NamesNodeAndAttribute(string node, string attribute, object value, string mention)
    {
        var graph = new SyntheticGraph(SyntheticModel.Tensors(), isInt4: true);
        graph.Nodes[node].Attributes[attribute] = value;
        using TemporaryFolder folder = graph.Folder();

        Assert.Contains(mention, DamagedFolderTests.Fails(folder, "model.onnx", node).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_UnknownOperator_IsNamed()
    {
        var graph = new SyntheticGraph(SyntheticModel.Tensors());
        graph.Nodes["/act"] = ("Gelu", [], []);
        using TemporaryFolder folder = graph.Folder();

        Assert.Contains("operator Gelu", DamagedFolderTests.Fails(folder, "model.onnx", "/act").Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_ZeroPoints_AreNamed()
    {
        var graph = new SyntheticGraph(SyntheticModel.Tensors(), isInt4: true);
        graph.Nodes["/lm_head"] = graph.Nodes["/lm_head"] with { Inputs = [.. graph.Nodes["/lm_head"].Inputs, "lm_head.MatMul.weight_zero_points"] };
        using TemporaryFolder folder = graph.Folder();

        Assert.Contains("lm_head.MatMul.weight_zero_points", DamagedFolderTests.Fails(folder, "model.onnx", "/lm_head").Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("model.layers.0.attn.o_proj.MatMul.weight")]
    [InlineData("model.layers.1.final_norm_layernorm.weight")]
    [InlineData("model.layers.0.mlp.gate_proj.MatMul.weight")]
    [InlineData("lm_head.MatMul.weight")]
    [InlineData("sin_cache")]
    public void Open_MissingInitializer_IsNamed(string name)
    {
        var graph = new SyntheticGraph(SyntheticModel.Tensors());
        graph.Tensors.Remove(name);
        using TemporaryFolder folder = graph.Folder();

        DamagedFolderTests.Fails(folder, "model.onnx", name);
    }

    [Fact]
    public void Open_InitializerWithoutUse_IsNamed()
    {
        var graph = new SyntheticGraph(SyntheticModel.Tensors());
        graph.Tensors["model.layers.0.attn.o_proj.Add.bias"] = (1, [64], 0, 256, null);
        using TemporaryFolder folder = graph.Folder();

        DamagedFolderTests.Fails(folder, "model.onnx", "model.layers.0.attn.o_proj.Add.bias");
    }

    [Theory]
    [InlineData(new long[] { 65 }, 0, 256)]
    [InlineData(new long[] { 32 }, 0, 128)]
    [InlineData(new long[] { -64 }, 0, 256)]
    [InlineData(new long[] { long.MaxValue, long.MaxValue, 8 }, 0, 256)]
    [InlineData(new long[] { 64 }, 0, 255)]
    public void Open_WrongShape_NamesTheInitializer(long[] shape, long offset, long length)
    {
        var graph = new SyntheticGraph(SyntheticModel.Tensors());
        graph.Tensors["model.layers.1.final_norm_layernorm.weight"] = (1, shape, offset, length, null);
        using TemporaryFolder folder = graph.Folder();

        DamagedFolderTests.Fails(folder, "model.onnx", "model.layers.1.final_norm_layernorm.weight");
    }

    [Theory]
    [InlineData(long.MaxValue)]
    [InlineData(99_999_999)]
    public void Open_DataBeyondTheFile_NamesTheDataFile(long offset)
    {
        var graph = new SyntheticGraph(SyntheticModel.Tensors());
        graph.Tensors["model.layers.1.final_norm_layernorm.weight"] = (1, [64], offset, 256, null);
        using TemporaryFolder folder = graph.Folder();

        DamagedFolderTests.Fails(folder, "model.onnx.data", "model.layers.1.final_norm_layernorm.weight");
    }

    [Fact]
    public void Open_UnsupportedNumbers_NamesTheInitializer()
    {
        var graph = new SyntheticGraph(SyntheticModel.Tensors());
        const string Norm = "model.layers.1.final_norm_layernorm.weight";
        graph.Tensors[Norm] = graph.Tensors[Norm] with { Type = 3 };
        using TemporaryFolder folder = graph.Folder();

        Assert.Contains("-p int4", DamagedFolderTests.Fails(folder, "model.onnx", Norm).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_OtherNames_SaysWhoWritesTheRightOnes()
    {
        var graph = new SyntheticGraph(SyntheticModel.Tensors());
        graph.Tensors.Remove("model.layers.0.input_layernorm.weight");
        using TemporaryFolder folder = graph.Folder();

        Assert.Contains("model builder", DamagedFolderTests.Fails(folder, "model.onnx", "graph").Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("../model.onnx.data")]
    [InlineData("/elsewhere/model.onnx.data")]
    public void Open_DataOutsideTheFolder_IsRefused(string location)
    {
        using TemporaryFolder folder = new SyntheticGraph(SyntheticModel.Tensors()) { Location = location }.Folder();

        Assert.Contains(location, DamagedFolderTests.Fails(folder, "model.onnx").Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_MissingFile_IsNamed()
    {
        using TemporaryFolder folder = new SyntheticGraph(SyntheticModel.Tensors()).Folder();
        File.Delete(folder.File("model.onnx.data"));
        DamagedFolderTests.Fails(folder, "model.onnx.data", null);

        File.Delete(folder.File("model.onnx"));
        DamagedFolderTests.Fails(folder, "model.onnx", null);
    }

    [Fact]
    public void Open_DamagedGraphs_ThrowsOnlyModelFolderException()
    {
        using TemporaryFolder folder = new SyntheticGraph(SyntheticModel.Tensors(), isInt4: true).Folder();
        byte[] original = File.ReadAllBytes(folder.File("model.onnx"));
        var random = new Random(13);
        for (int i = 0; i < 600; i++)
        {
            folder.Write("model.onnx", Damage.Randomly(original, random));
            Exception? exception = Record.Exception(() => ModelFolder.Open(folder.Path).Dispose());
            Assert.True(exception is null or ModelFolderException, $"{i}: {exception}");
        }
    }
}
