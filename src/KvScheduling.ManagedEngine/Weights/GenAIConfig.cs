using System.Text.Json;

namespace KvScheduling.ManagedEngine;

/// <summary><c>genai_config.json</c> of an ONNX Runtime GenAI folder.</summary>
internal sealed record GenAIConfig
{
    public const string FileName = "genai_config.json";

    public required string Path { get; init; }

    /// <summary>The graph's path.</summary>
    public required string GraphPath { get; init; }

    public required ArchitectureTraits Traits { get; init; }

    /// <summary>The shape as far as the file says it; the intermediate size, the norm's epsilon and the rotary tables are in the graph.</summary>
    public required ModelConfig Config { get; init; }

    public static GenAIConfig Read(string folder)
    {
        using JsonFile json = JsonFile.Read(System.IO.Path.Combine(folder, FileName));
        JsonElement model = json.Object(json.Root, "model", "model");
        string type = json.Text(model, "type", "model.type");
        ArchitectureTraits traits = ArchitectureTraits.FromGenAI(type)
            ?? throw json.Error("model.type",
                $"'{type}' is not supported by the managed engine; {ArchitectureTraits.SupportedTypes} are. Use another model or the native engine.");
        JsonElement decoder = json.Object(model, "decoder", "model.decoder");
        foreach (string field in (ReadOnlySpan<string>)["sliding_window", "pipeline"])
        {
            if (JsonFile.Find(decoder, field) is not null)
            {
                throw json.Error($"model.decoder.{field}", "is not supported. Build the model for CPU (-e cpu) without it, or use the native engine.");
            }
        }

        int vocabulary = json.Positive(model, "vocab_size", "model.vocab_size");
        int heads = Positive("num_attention_heads");
        var config = new ModelConfig
        {
            Architecture = type,
            HiddenSize = Positive("hidden_size"),
            IntermediateSize = 0,
            LayerCount = Positive("num_hidden_layers"),
            QueryHeads = heads,
            KvHeads = json.FindPositive(decoder, "num_key_value_heads", "model.decoder.num_key_value_heads") ?? heads,
            HeadSize = Positive("head_size"),
            VocabularySize = vocabulary,
            MaxContextTokens = json.Positive(model, "context_length", "model.context_length"),
            NormEpsilon = 0,
            RopeTheta = 0,
            EndTokens = json.FindTokens(model, "eos_token_id", "model.eos_token_id", vocabulary) ?? [],
        };
        config.Validate(json.Path, "model.decoder.num_key_value_heads", "model.decoder.head_size", "model.context_length");
        string file = json.Text(decoder, "filename", "model.decoder.filename");
        return new GenAIConfig
        {
            Path = json.Path,
            GraphPath = FolderFiles.Inside(folder, file, json.Path, "model.decoder.filename"),
            Traits = traits,
            Config = config,
        };

        int Positive(string name) => json.Positive(decoder, name, $"model.decoder.{name}");
    }
}
