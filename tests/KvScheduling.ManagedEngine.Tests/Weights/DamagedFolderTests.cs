using System.Buffers.Binary;
using System.Text.Json.Nodes;
using KvScheduling.ManagedEngine.Tests.Text;

namespace KvScheduling.ManagedEngine.Tests.Weights;

/// <summary>Everything that can be wrong with a Hugging Face folder is told by file and field.</summary>
public sealed class DamagedFolderTests
{
    [Theory]
    [InlineData("config.json", "neither a Hugging Face folder")]
    [InlineData("model.safetensors", "no .safetensors file")]
    public void Open_MissingFile_IsNamed(string file, string mention)
    {
        using TemporaryFolder folder = TemporaryFolder.CopyOf(TestFolders.TinyChat);
        File.Delete(folder.File(file));

        Assert.Contains(mention, Fails(folder, folder.Path, null).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_MissingFolder_IsNamed()
    {
        string path = Path.Combine(Path.GetTempPath(), "kvsched-no-such-folder");

        Assert.Equal(path, Assert.Throws<ModelFolderException>(() => ModelFolder.Open(path)).File);
    }

    [Theory]
    [InlineData("architectures", """["GemmaForCausalLM"]""", "architectures[0]", "GemmaForCausalLM")]
    [InlineData("architectures", "[]", "architectures", "list")]
    [InlineData("architectures", "[3]", "architectures[0]", "string")]
    [InlineData("hidden_act", "\"gelu\"", "hidden_act", "'gelu'")]
    [InlineData("hidden_size", null, "hidden_size", "missing")]
    [InlineData("hidden_size", "-1", "hidden_size", "whole number")]
    [InlineData("hidden_size", "1.5", "hidden_size", "whole number")]
    [InlineData("hidden_size", "\"64\"", "hidden_size", "whole number")]
    [InlineData("num_attention_heads", "0", "num_attention_heads", "whole number")]
    [InlineData("num_key_value_heads", "3", "num_key_value_heads", "divide")]
    [InlineData("num_attention_heads", "6", "head_dim", "multiple")]
    [InlineData("head_dim", "15", "head_dim", "odd")]
    [InlineData("vocab_size", "99999999999", "vocab_size", "whole number")]
    [InlineData("rope_scaling", """{"rope_type":"llama3","factor":8}""", "rope_scaling", "'llama3'")]
    [InlineData("rope_scaling", """{"factor":2}""", "rope_scaling", "'linear'")]
    [InlineData("rope_parameters", """{"rope_type":"yarn"}""", "rope_parameters", "'yarn'")]
    [InlineData("rope_theta", "0", "rope_theta", "above 0")]
    [InlineData("rope_theta", "\"x\"", "rope_theta", "number")]
    [InlineData("partial_rotary_factor", "0.5", "partial_rotary_factor", "part")]
    [InlineData("rms_norm_eps", "0", "rms_norm_eps", "above 0")]
    [InlineData("sliding_window", "64", "sliding_window", "max_position_embeddings to 64")]
    [InlineData("layer_types", """["sliding_attention"]""", "layer_types", "'sliding_attention'")]
    [InlineData("quantization_config", """{"quant_method":"gptq"}""", "quantization_config", "unquantised")]
    [InlineData("eos_token_id", "40", "eos_token_id", "0 to 39")]
    [InlineData("eos_token_id", "\"x\"", "eos_token_id", "token id")]
    [InlineData("max_position_embeddings", "2000000000", "max_position_embeddings", "more than")]
    public void Open_ConfigurationThatIsWrong_NamesTheField(string name, string? value, string field, string mention)
    {
        using TemporaryFolder folder = SyntheticModel.Folder(SyntheticModel.ConfigWith(name, value).ToJsonString());

        Assert.Contains(mention, Fails(folder, "config.json", field).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sliding_window", "128")]
    [InlineData("sliding_window", "null")]
    [InlineData("use_sliding_window", "false")]
    [InlineData("layer_types", """["full_attention"]""")]
    [InlineData("quantization_config", "null")]
    public void Open_SettingWithoutEffect_IsAccepted(string name, string value)
    {
        JsonObject config = SyntheticModel.ConfigWith(name, value);
        if (name == "use_sliding_window")
        {
            config["sliding_window"] = 16;
        }

        using TemporaryFolder folder = SyntheticModel.Folder(config.ToJsonString());
        using ModelFolder model = ModelFolder.Open(folder.Path);

        Assert.Equal(128, model.Weights.Config.MaxContextTokens);
    }

    [Theory]
    [InlineData("{", "JSON")]
    [InlineData("[]", "object")]
    [InlineData("", "JSON")]
    public void Open_ConfigurationThatIsNoObject_IsNamed(string text, string mention)
    {
        using TemporaryFolder folder = SyntheticModel.Folder(text);

        Assert.Contains(mention, Fails(folder, "config.json", null).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_MissingTensor_IsNamed()
    {
        var tensors = SyntheticModel.Tensors();
        tensors.Remove("model.layers.0.mlp.up_proj.weight");
        using TemporaryFolder folder = SyntheticModel.Folder(weights: SyntheticModel.SafeTensors(tensors));

        Fails(folder, "model.safetensors", "model.layers.0.mlp.up_proj.weight");
    }

    [Theory]
    [InlineData("Qwen2ForCausalLM", "model.layers.0.self_attn.q_proj.bias")]
    [InlineData("Qwen3ForCausalLM", "model.layers.0.self_attn.q_norm.weight")]
    public void Open_TensorThatTheArchitectureNeeds_IsNamed(string architecture, string tensor)
    {
        JsonObject config = SyntheticModel.ConfigWith("architectures", $"[\"{architecture}\"]");
        config["head_dim"] = 16;
        using TemporaryFolder folder = SyntheticModel.Folder(config.ToJsonString());

        Fails(folder, "model.safetensors", tensor);
    }

    [Fact]
    public void Open_UntiedWithoutHead_NamesTheHead()
    {
        using TemporaryFolder folder = SyntheticModel.Folder(SyntheticModel.ConfigWith("tie_word_embeddings", "false").ToJsonString());

        Fails(folder, "model.safetensors", "lm_head.weight");
    }

    [Theory]
    [InlineData("model.layers.0.self_attn.o_proj.bias")]
    [InlineData("model.layers.0.self_attn.q_norm.weight")]
    [InlineData("model.layers.1.input_layernorm.weight")]
    public void Open_TensorWithoutUse_IsNamed(string tensor)
    {
        SafeTensorsWriter writer = SyntheticModel.SafeTensors(SyntheticModel.Tensors());
        writer.Add(tensor, [64], new float[64]);
        using TemporaryFolder folder = SyntheticModel.Folder(weights: writer);

        Fails(folder, "model.safetensors", tensor);
    }

    [Fact]
    public void Open_WrongShape_NamesBothShapes()
    {
        var tensors = SyntheticModel.Tensors();
        tensors["model.layers.0.self_attn.k_proj.weight"] = ([64, 32], new float[64 * 32]);
        using TemporaryFolder folder = SyntheticModel.Folder(weights: SyntheticModel.SafeTensors(tensors));

        string message = Fails(folder, "model.safetensors", "model.layers.0.self_attn.k_proj.weight").Message;

        Assert.Contains("[64, 32]", message, StringComparison.Ordinal);
        Assert.Contains("[32, 64]", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_UnsupportedNumbers_NamesTheType()
    {
        SafeTensorsWriter writer = SyntheticModel.SafeTensors(SyntheticModel.Tensors());
        writer.Header.Remove("model.norm.weight");
        writer.Add("model.norm.weight", "F64", [64], new byte[512]);
        using TemporaryFolder folder = SyntheticModel.Folder(weights: writer);

        Assert.Contains("F64", Fails(folder, "model.safetensors", "model.norm.weight").Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, "header length")]
    [InlineData(7, "header length")]
    [InlineData(100, "header length")]
    public void Open_TruncatedHeader_IsNamed(int length, string field)
    {
        using TemporaryFolder folder = TemporaryFolder.CopyOf(TestFolders.TinyChat);
        Truncate(folder.File("model.safetensors"), length);

        Fails(folder, "model.safetensors", field);
    }

    [Fact]
    public void Open_TruncatedWeights_NamesATensor()
    {
        using TemporaryFolder folder = TemporaryFolder.CopyOf(TestFolders.TinyChat);
        Truncate(folder.File("model.safetensors"), 2_000_000);

        ModelFolderException exception = Fails(folder, "model.safetensors");

        Assert.Contains("data_offsets", exception.Field, StringComparison.Ordinal);
        Assert.Contains("truncated", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(0)]
    [InlineData(long.MaxValue)]
    [InlineData(long.MinValue)]
    public void Open_ImpossibleHeaderLength_IsNamed(long length)
    {
        using TemporaryFolder folder = SyntheticModel.Folder();
        byte[] bytes = File.ReadAllBytes(folder.File("model.safetensors"));
        BinaryPrimitives.WriteInt64LittleEndian(bytes, length);
        folder.Write("model.safetensors", bytes);

        Fails(folder, "model.safetensors", "header length");
    }

    [Theory]
    [InlineData("data_offsets", "[0, 9223372036854775807]", "data_offsets")]
    [InlineData("data_offsets", "[9223372036854775800, 9223372036854775807]", "data_offsets")]
    [InlineData("data_offsets", "[-256, 0]", "data_offsets")]
    [InlineData("data_offsets", "[256, 0]", "data_offsets")]
    [InlineData("data_offsets", "[0]", "data_offsets")]
    [InlineData("data_offsets", "null", "data_offsets")]
    [InlineData("data_offsets", "[0, 99999999999999999999]", "data_offsets")]
    [InlineData("shape", "[9223372036854775807, 9223372036854775807]", "shape")]
    [InlineData("shape", "[4294967296, 4294967296]", "shape")]
    [InlineData("shape", "[63]", "shape")]
    [InlineData("shape", "[0.5]", "shape")]
    [InlineData("dtype", "7", "dtype")]
    [InlineData("dtype", "null", "dtype")]
    public void Open_ImpossibleTensor_NamesTheField(string field, string value, string named)
    {
        SafeTensorsWriter writer = SyntheticModel.SafeTensors(SyntheticModel.Tensors());
        writer.Header["model.norm.weight"]![field] = JsonNode.Parse(value);
        using TemporaryFolder folder = SyntheticModel.Folder(weights: writer);

        Fails(folder, "model.safetensors", $"model.norm.weight.{named}");
    }

    [Theory]
    [InlineData("""{"weight_map":{"model.norm.weight":"../outside.safetensors"}}""", "model.safetensors.index.json", "weight_map")]
    [InlineData("""{"weight_map":{"model.norm.weight":"/etc/passwd"}}""", "model.safetensors.index.json", "weight_map")]
    [InlineData("""{"weight_map":{"model.norm.weight":"missing.safetensors"}}""", "missing.safetensors", null)]
    [InlineData("""{"weight_map":{}}""", "model.safetensors.index.json", "weight_map")]
    [InlineData("""{"weight_map":{"a":7}}""", "model.safetensors.index.json", "weight_map.a")]
    [InlineData("{}", "model.safetensors.index.json", "weight_map")]
    public void Open_IndexThatIsWrong_IsNamed(string index, string file, string? field)
    {
        using TemporaryFolder folder = SyntheticModel.Folder();
        folder.Write("model.safetensors.index.json", index);

        Fails(folder, file, field);
    }

    [Fact]
    public void Open_SeveralFilesWithoutIndex_NamesTheIndex()
    {
        using TemporaryFolder folder = SyntheticModel.Folder();
        File.Copy(folder.File("model.safetensors"), folder.File("a.safetensors"));
        File.Move(folder.File("model.safetensors"), folder.File("b.safetensors"));

        Fails(folder, "model.safetensors.index.json", null);
    }

    [Fact]
    public void Open_DamagedTokenizer_NamesItsFile()
    {
        using TemporaryFolder folder = TemporaryFolder.CopyOf(TestFolders.TinyChat);
        Truncate(folder.File("tokenizer.json"), 1000);

        Fails(folder, "tokenizer.json", null);
    }

    [Fact]
    public void Open_DamagedHeaders_ThrowsOnlyModelFolderException()
    {
        byte[] original = SyntheticModel.SafeTensors(SyntheticModel.Tensors()).ToBytes();
        using TemporaryFolder folder = SyntheticModel.Folder();
        var random = new Random(11);
        int headerEnd = 8 + (int)BinaryPrimitives.ReadInt64LittleEndian(original);
        for (int i = 0; i < 300; i++)
        {
            folder.Write("model.safetensors", Damage.Randomly(original, random, headerEnd));
            Exception? exception = Record.Exception(() => ModelFolder.Open(folder.Path).Dispose());
            Assert.True(exception is null or ModelFolderException, $"{i}: {exception}");
        }
    }

    [Fact]
    public void Open_DamagedConfiguration_ThrowsOnlyModelFolderException()
    {
        byte[] original = System.Text.Encoding.UTF8.GetBytes(SyntheticModel.Config);
        using TemporaryFolder folder = SyntheticModel.Folder();
        var random = new Random(12);
        for (int i = 0; i < 300; i++)
        {
            folder.Write("config.json", Damage.Randomly(original, random));
            Exception? exception = Record.Exception(() => ModelFolder.Open(folder.Path).Dispose());
            Assert.True(exception is null or ModelFolderException, $"{i}: {exception}");
        }
    }

    internal static ModelFolderException Fails(TemporaryFolder folder, string file)
    {
        ModelFolderException exception = Assert.Throws<ModelFolderException>(() => ModelFolder.Open(folder.Path));
        Assert.EndsWith(file, exception.File, StringComparison.Ordinal);
        Assert.Contains(exception.File, exception.Message, StringComparison.Ordinal);
        return exception;
    }

    internal static ModelFolderException Fails(TemporaryFolder folder, string file, string? field)
    {
        ModelFolderException exception = Fails(folder, file);
        Assert.Equal(field, exception.Field);
        return exception;
    }

    private static void Truncate(string path, long length)
    {
        using FileStream stream = File.OpenWrite(path);
        stream.SetLength(length);
    }
}
