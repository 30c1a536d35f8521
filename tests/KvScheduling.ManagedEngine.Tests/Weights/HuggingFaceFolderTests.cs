using System.Runtime.InteropServices;
using System.Text.Json.Nodes;

namespace KvScheduling.ManagedEngine.Tests.Weights;

public sealed class HuggingFaceFolderTests
{
    [Fact]
    public void Open_FieldsThatMayBeMissing_HaveTransformersDefaults()
    {
        JsonObject config = SyntheticModel.ConfigWith("rms_norm_eps", null);
        config["num_attention_heads"] = 4;
        config["num_key_value_heads"] = null;
        var tensors = SyntheticModel.Tensors();
        foreach (string projection in (string[])["k_proj", "v_proj"])
        {
            tensors[$"model.layers.0.self_attn.{projection}.weight"] = ([64, 64], new float[64 * 64]);
        }

        using TemporaryFolder folder = SyntheticModel.Folder(config.ToJsonString(), SyntheticModel.SafeTensors(tensors));
        using ModelFolder model = ModelFolder.Open(folder.Path);

        ModelConfig shape = model.Weights.Config;
        Assert.Equal((4, 16, 1e-6f, 10000.0), (shape.KvHeads, shape.HeadSize, shape.NormEpsilon, shape.RopeTheta));
        Assert.Null(model.TextCodec);
        Assert.Null(model.Weights.Config.RotaryCosines);
    }

    [Theory]
    [InlineData("rope_theta", "5e5", 5e5)]
    [InlineData("rope_parameters", """{"rope_type":"default","rope_theta":1e6}""", 1e6)]
    [InlineData("rope_scaling", """{"type":"default"}""", 1e4)]
    public void Open_RopeTheta_IsFoundWhereItStands(string field, string value, double theta)
    {
        using TemporaryFolder folder = SyntheticModel.Folder(SyntheticModel.ConfigWith(field, value).ToJsonString());
        using ModelFolder model = ModelFolder.Open(folder.Path);

        Assert.Equal(theta, model.Weights.Config.RopeTheta);
    }

    [Theory]
    [InlineData("7", null, new[] { 7 })]
    [InlineData("[7, 8]", null, new[] { 7, 8 })]
    [InlineData("7", """{"eos_token_id":[3, 1]}""", new[] { 3, 1 })]
    [InlineData("7", """{"temperature":1}""", new[] { 7 })]
    [InlineData(null, null, new int[0])]
    public void Open_EndTokens_GenerationConfigurationOverrides(string? config, string? generation, int[] expected)
    {
        using TemporaryFolder folder = SyntheticModel.Folder(SyntheticModel.ConfigWith("eos_token_id", config).ToJsonString());
        if (generation is not null)
        {
            folder.Write("generation_config.json", generation);
        }

        using ModelFolder model = ModelFolder.Open(folder.Path);

        Assert.Equal(expected, model.Weights.Config.EndTokens);
    }

    [Fact]
    public void Open_SeveralFiles_GivesWhatOneFileGives()
    {
        var tensors = SyntheticModel.Tensors("qwen2", hasHead: true);
        string config = SyntheticModel.ConfigWith("architectures", """["Qwen2ForCausalLM"]""").ToJsonString();
        using TemporaryFolder one = SyntheticModel.Folder(config, SyntheticModel.SafeTensors(tensors));
        using var two = new TemporaryFolder();
        two.Write("config.json", config);
        var map = new JsonObject();
        for (int part = 0; part < 2; part++)
        {
            string name = $"model-0000{part + 1}-of-00002.safetensors";
            var half = tensors.Where((_, i) => i % 2 == part).ToDictionary();
            two.Write(name, SyntheticModel.SafeTensors(half).ToBytes());
            foreach (string tensor in half.Keys)
            {
                map[tensor] = name;
            }
        }

        two.Write("model.safetensors.index.json", new JsonObject { ["weight_map"] = map }.ToJsonString());

        using ModelFolder expected = ModelFolder.Open(one.Path);
        using ModelFolder actual = ModelFolder.Open(two.Path);
        Assert.All(tensors, tensor =>
        {
            Assert.Equal(tensor.Value.Numbers, ReadAll(expected.Weights, tensor.Key, tensor.Value.Shape));
            Assert.Equal(tensor.Value.Numbers, ReadAll(actual.Weights, tensor.Key, tensor.Value.Shape));
        });
    }

    [Theory]
    [InlineData("F16")]
    [InlineData("BF16")]
    public void ReadRow_HalfPrecision_IsWidenedExactly(string dtype)
    {
        var tensors = SyntheticModel.Tensors();
        SafeTensorsWriter writer = SyntheticModel.SafeTensors(tensors.Where(tensor => tensor.Key != "model.norm.weight").ToDictionary());
        ushort[] bits = [.. Enumerable.Range(0, 64).Select(i => (ushort)((i * 1021) & 0x7BFF))];
        writer.Add("model.norm.weight", dtype, [64], MemoryMarshal.AsBytes(bits.AsSpan()));
        using TemporaryFolder folder = SyntheticModel.Folder(weights: writer);
        using ModelFolder model = ModelFolder.Open(folder.Path);

        float Widen(ushort value) => dtype == "F16" ? (float)BitConverter.UInt16BitsToHalf(value) : BitConverter.UInt32BitsToSingle((uint)value << 16);
        float[] expected = [.. bits.Select(Widen)];
        Assert.Equal(expected, ReadAll(model.Weights, "model.norm.weight", [64]));
    }

    [Theory]
    [InlineData(null, true, true)]
    [InlineData(null, false, false)]
    [InlineData("false", true, true)]
    [InlineData("true", true, false)]
    [InlineData("true", false, false)]
    public void Open_Head_IsTiedWhenAbsentOrSaidSo(string? ties, bool hasHead, bool expected)
    {
        SafeTensorsWriter weights = SyntheticModel.SafeTensors(SyntheticModel.Tensors(hasHead: hasHead));
        using TemporaryFolder folder = SyntheticModel.Folder(SyntheticModel.ConfigWith("tie_word_embeddings", ties).ToJsonString(), weights);
        using ModelFolder model = ModelFolder.Open(folder.Path);

        Assert.Equal(expected, model.Weights.Contains("lm_head.weight"));
    }

    [Fact]
    public void ReadRow_FromManyThreads_GivesTheSame()
    {
        var tensors = SyntheticModel.Tensors();
        using TemporaryFolder folder = SyntheticModel.Folder();
        using ModelFolder model = ModelFolder.Open(folder.Path);

        Parallel.For(0, 200, i =>
        {
            (string name, (int[] shape, float[] numbers)) = tensors.ElementAt(i % tensors.Count);
            Assert.Equal(numbers, ReadAll(model.Weights, name, shape));
        });
    }

    [Fact]
    public void ReadRow_OutsideTheTensor_IsRefused()
    {
        using TemporaryFolder folder = SyntheticModel.Folder();
        using ModelFolder model = ModelFolder.Open(folder.Path);

        Assert.Throws<ArgumentOutOfRangeException>(() => model.Weights.ReadRow("model.embed_tokens.weight", 40, new float[64]));
        Assert.Throws<ArgumentOutOfRangeException>(() => model.Weights.ReadRow("model.embed_tokens.weight", -1, new float[64]));
        Assert.Throws<ArgumentOutOfRangeException>(() => model.Weights.ReadRow("model.embed_tokens.weight", 0, new float[63]));
        Assert.Throws<NotSupportedException>(() => model.Weights.ReadInt4Row("model.embed_tokens.weight", 0, new byte[32], new float[2]));
    }

    internal static float[] ReadAll(IWeightSource weights, string name, int[] shape)
    {
        var numbers = new float[shape.Aggregate(1, (product, dimension) => product * dimension)];
        for (int row = 0; row < numbers.Length / shape[^1]; row++)
        {
            weights.ReadRow(name, row, numbers.AsSpan(row * shape[^1], shape[^1]));
        }

        return numbers;
    }
}
