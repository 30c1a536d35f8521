using System.Text.Json;

namespace KvScheduling.ManagedEngine;

/// <summary><c>config.json</c> and <c>generation_config.json</c> of a Hugging Face folder.</summary>
internal sealed class HuggingFaceConfig
{
    public const string FileName = "config.json";

    // What transformers assumes for these architectures when the file is silent.
    private const double DefaultNormEpsilon = 1e-6;
    private const double DefaultRopeTheta = 10000;

    private readonly JsonFile _json;

    private HuggingFaceConfig(JsonFile json, string generationPath)
    {
        _json = json;
        Traits = ReadArchitecture(out string architecture);
        RefuseUnsupported();
        int hidden = Positive("hidden_size");
        int heads = Positive("num_attention_heads");
        int kvHeads = json.FindPositive(json.Root, "num_key_value_heads", "num_key_value_heads") ?? heads;
        int context = Positive("max_position_embeddings");
        RefuseSlidingWindow(context);
        int vocabulary = Positive("vocab_size");
        TiesHead = json.FindFlag(json.Root, "tie_word_embeddings", "tie_word_embeddings");
        Config = new ModelConfig
        {
            Architecture = architecture,
            HiddenSize = hidden,
            IntermediateSize = Positive("intermediate_size"),
            LayerCount = Positive("num_hidden_layers"),
            QueryHeads = heads,
            KvHeads = kvHeads,
            HeadSize = ReadHeadSize(hidden, heads),
            VocabularySize = vocabulary,
            MaxContextTokens = context,
            NormEpsilon = (float)ReadAboveZero("rms_norm_eps", DefaultNormEpsilon),
            RopeTheta = ReadRopeTheta(),
            EndTokens = ReadEndTokens(generationPath, vocabulary),
        };
        Config.Validate(json.Path, "num_key_value_heads", "head_dim", "max_position_embeddings");
    }

    public ModelConfig Config { get; }

    public ArchitectureTraits Traits { get; }

    /// <summary>
    /// Whether the configuration says that the head shares the embedding's weights; <see langword="null"/> when it says nothing and the weights decide.
    /// </summary>
    public bool? TiesHead { get; }

    public static HuggingFaceConfig Read(string folder)
    {
        using JsonFile json = JsonFile.Read(Path.Combine(folder, FileName));
        return new HuggingFaceConfig(json, Path.Combine(folder, "generation_config.json"));
    }

    private int Positive(string name) => _json.Positive(_json.Root, name, name);

    private ArchitectureTraits ReadArchitecture(out string architecture)
    {
        if (JsonFile.Find(_json.Root, "architectures") is not { ValueKind: JsonValueKind.Array } list || list.GetArrayLength() == 0)
        {
            throw _json.Error("architectures", "must be a list with the model's class.");
        }

        architecture = _json.AsText(list[0], "architectures[0]");
        return ArchitectureTraits.FromHuggingFace(architecture)
            ?? throw _json.Error("architectures[0]",
                $"{architecture} is not supported by the managed engine; {ArchitectureTraits.Supported} are. Use another model or another engine.");
    }

    private void RefuseUnsupported()
    {
        JsonElement root = _json.Root;
        if (JsonFile.Find(root, "hidden_act") is { } activation && _json.AsText(activation, "hidden_act") is not "silu" and var name)
        {
            throw _json.Error("hidden_act", $"'{name}' is not supported; 'silu' is.");
        }

        if (JsonFile.Find(root, "quantization_config") is not null)
        {
            throw _json.Error(
                "quantization_config",
                "quantised safetensors are not supported. Use the unquantised model (the engine quantises at load), "
                + "or a folder of the ONNX Runtime GenAI model builder with 4-bit weights.");
        }

        if (_json.FindNumber(root, "partial_rotary_factor", "partial_rotary_factor") is { } factor && factor != 1)
        {
            throw _json.Error("partial_rotary_factor", "rotating a part of each head is not supported.");
        }

        RefuseRopeScaling("rope_scaling");
        RefuseRopeScaling("rope_parameters");
        if (JsonFile.Find(root, "layer_types") is { ValueKind: JsonValueKind.Array } kinds)
        {
            foreach (JsonElement kind in kinds.EnumerateArray())
            {
                if (_json.AsText(kind, "layer_types") is not "full_attention" and var other)
                {
                    throw _json.Error("layer_types", $"'{other}' is not supported; 'full_attention' is.");
                }
            }
        }
    }

    private void RefuseRopeScaling(string field)
    {
        if (JsonFile.Find(_json.Root, field) is not { ValueKind: JsonValueKind.Object } scaling)
        {
            return;
        }

        string? kind = null;
        foreach (string key in (ReadOnlySpan<string>)["rope_type", "type"])
        {
            if (kind is null && JsonFile.Find(scaling, key) is { } value)
            {
                kind = _json.AsText(value, $"{field}.{key}");
            }
        }

        if (kind is not (null or "default") || (kind is null && JsonFile.Find(scaling, "factor") is not null))
        {
            throw _json.Error(
                field,
                $"RoPE scaling '{kind ?? "linear"}' is not supported in a Hugging Face folder. "
                + "The ONNX Runtime GenAI model builder writes scaled rotary tables: use its folder.");
        }
    }

    private void RefuseSlidingWindow(int context)
    {
        bool isUsed = _json.FindFlag(_json.Root, "use_sliding_window", "use_sliding_window") ?? true;
        if (isUsed && _json.FindPositive(_json.Root, "sliding_window", "sliding_window") is { } window && window < context)
        {
            throw _json.Error(
                "sliding_window",
                $"a window of {window} tokens is not supported with a context of {context}. "
                + $"Set max_position_embeddings to {window}: up to there the window has no effect.");
        }
    }

    private int ReadHeadSize(int hidden, int heads)
    {
        if (_json.FindPositive(_json.Root, "head_dim", "head_dim") is { } given)
        {
            return given;
        }

        if (Traits.DefaultHeadSize > 0)
        {
            return Traits.DefaultHeadSize;
        }

        return hidden % heads == 0
            ? hidden / heads
            : throw _json.Error("head_dim", $"missing, and hidden_size {hidden} is not a multiple of num_attention_heads {heads}.");
    }

    private double ReadAboveZero(string name, double defaultValue)
    {
        double value = _json.FindNumber(_json.Root, name, name) ?? defaultValue;
        return value > 0 ? value : throw _json.Error(name, "must be above 0.");
    }

    private double ReadRopeTheta()
    {
        if (JsonFile.Find(_json.Root, "rope_parameters") is { } parameters
            && _json.FindNumber(parameters, "rope_theta", "rope_parameters.rope_theta") is { } theta)
        {
            return theta > 0 ? theta : throw _json.Error("rope_parameters.rope_theta", "must be above 0.");
        }

        return ReadAboveZero("rope_theta", DefaultRopeTheta);
    }

    private IReadOnlyList<int> ReadEndTokens(string generationPath, int vocabulary)
    {
        using JsonFile? generation = JsonFile.ReadIfPresent(generationPath);
        return generation?.FindTokens(generation.Root, "eos_token_id", "eos_token_id", vocabulary)
            ?? _json.FindTokens(_json.Root, "eos_token_id", "eos_token_id", vocabulary)
            ?? [];
    }
}
