using System.Text.Json.Nodes;

namespace KvScheduling.ManagedEngine.Tests.Weights;

/// <summary>A model of one layer with random weights: hidden 64, 4 heads of 16, 2 key/value heads, MLP 96, vocabulary 40.</summary>
internal static class SyntheticModel
{
    public const string Config = """
        {"architectures":["LlamaForCausalLM"],"vocab_size":40,"hidden_size":64,"intermediate_size":96,"num_hidden_layers":1,
         "num_attention_heads":4,"num_key_value_heads":2,
         "max_position_embeddings":128,"rms_norm_eps":1e-5,"eos_token_id":7}
        """;

    public static JsonObject ConfigWith(string field, string? value)
    {
        JsonObject config = JsonNode.Parse(Config)!.AsObject();
        config.Remove(field);
        if (value is not null)
        {
            config[field] = JsonNode.Parse(value);
        }

        return config;
    }

    public static ModelConfig Shape(ArchitectureTraits? traits = null) => new()
    {
        Architecture = traits?.Name ?? "llama",
        HiddenSize = 64,
        IntermediateSize = 96,
        LayerCount = 1,
        QueryHeads = 4,
        KvHeads = 2,
        HeadSize = 16,
        VocabularySize = 40,
        MaxContextTokens = 128,
        NormEpsilon = 1e-5f,
        RopeTheta = 10000,
        EndTokens = [7],
    };

    /// <summary>Random numbers for every tensor the architecture may have, the same each time.</summary>
    public static Dictionary<string, (int[] Shape, float[] Numbers)> Tensors(string modelType = "llama", bool hasHead = false)
    {
        ArchitectureTraits traits = ArchitectureTraits.FromGenAI(modelType)!;
        var random = new Random(5);
        var tensors = new Dictionary<string, (int[] Shape, float[] Numbers)>();
        foreach (TensorExpectation tensor in TensorExpectation.For(Shape(traits), traits, tiesHead: null))
        {
            bool isLeftOut = (tensor.Name == "lm_head.weight" && !hasHead)
                || (tensor.Name.EndsWith(".bias", StringComparison.Ordinal) && !traits.HasAttentionBias);
            if (!isLeftOut)
            {
                float[] numbers = [.. Enumerable.Range(0, tensor.Rows * tensor.Columns).Select(_ => random.NextSingle() - 0.5f)];
                tensors.Add(tensor.Name, (tensor.IsVector ? [tensor.Columns] : [tensor.Rows, tensor.Columns], numbers));
            }
        }

        return tensors;
    }

    public static SafeTensorsWriter SafeTensors(Dictionary<string, (int[] Shape, float[] Numbers)> tensors)
    {
        var writer = new SafeTensorsWriter();
        foreach ((string name, (int[] shape, float[] numbers)) in tensors)
        {
            writer.Add(name, shape, numbers);
        }

        return writer;
    }

    /// <summary>A Hugging Face folder.</summary>
    public static TemporaryFolder Folder(string? config = null, SafeTensorsWriter? weights = null)
    {
        var folder = new TemporaryFolder();
        folder.Write("config.json", config ?? Config);
        folder.Write("model.safetensors", (weights ?? SafeTensors(Tensors())).ToBytes());
        return folder;
    }
}
