using System.Text.Json;

namespace KvScheduling.OnnxGenAI;

/// <summary>What the binding reads from a model folder itself; the rest is the native library's business.</summary>
internal sealed class ModelFolder
{
    public const string ConfigFile = "genai_config.json";

    private ModelFolder(string path) => Path = path;

    /// <summary>The folder's full path.</summary>
    public string Path { get; }

    /// <summary>model.vocab_size: token ids are in [0, this).</summary>
    public required int VocabularySize { get; init; }

    /// <summary>model.context_length, in tokens.</summary>
    public required int ContextLength { get; init; }

    /// <summary>model.eos_token_id: the ids that end an output, at least one.</summary>
    public required int[] EndTokens { get; init; }

    /// <summary>The graph's file, by full path.</summary>
    public required string GraphFile { get; init; }

    /// <summary>Whether the config has engine.dynamic_batching.</summary>
    public required bool IsPaged { get; init; }

    /// <summary>Whether the config names the CUDA provider.</summary>
    public required bool IsCuda { get; init; }

    public int? BlockSize { get; init; }

    public long? BlockCount { get; init; }

    public int? MaxBatchSize { get; init; }

    public int? MaxScheduledTokens { get; init; }

    /// <summary>search.chunk_size: the most tokens of one prompt in one step; 0 for no limit.</summary>
    public int ChunkSize { get; init; }

    /// <summary>KV elements of one token: 2 · layers · KV heads · head size; 0 when the config does not say.</summary>
    public long KvElementsPerToken { get; init; }

    /// <summary>Whether tokenizer files are there. A model loads without them; only text is impossible then.</summary>
    public bool HasTokenizer { get; init; }

    /// <summary>Reads a folder's config and checks that the files it names are there.</summary>
    /// <exception cref="OnnxGenAIException">The folder or a file is missing, or a field is missing or wrong; the message names it.</exception>
    public static ModelFolder Read(string folder, string? graphFile = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(folder);
        string path = System.IO.Path.GetFullPath(folder);
        string config = System.IO.Path.Combine(path, ConfigFile);
        if (!Directory.Exists(path))
        {
            throw new OnnxGenAIException($"The model folder {path} does not exist.");
        }

        if (!File.Exists(config))
        {
            string hint = File.Exists(System.IO.Path.Combine(path, "config.json"))
                ? " It looks like a Hugging Face folder: convert it with the model builder of onnxruntime-genai, or serve it with the managed engine."
                : " It needs the files that the model builder of onnxruntime-genai writes.";
            throw new OnnxGenAIException($"The model folder {path} has no {ConfigFile}.{hint}");
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(config));
            return new ConfigReader(config).Read(document.RootElement, path, graphFile);
        }
        catch (Exception error) when (error is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new OnnxGenAIException($"{config} could not be read: {error.Message}", error);
        }
    }

    /// <summary>Reads fields and names the one that is wrong.</summary>
    private readonly struct ConfigReader(string file)
    {
        public ModelFolder Read(JsonElement root, string folder, string? graphFile)
        {
            JsonElement model = Object(root, "model") ?? throw Wrong("model", "is missing");
            JsonElement decoder = Object(model, "decoder") ?? throw Wrong("model.decoder", "is missing; only decoder models generate text with this engine");
            JsonElement? batching = Object(root, "engine") is { } engine ? Object(engine, "dynamic_batching") : null;
            int vocabulary = (int)(Number(model, "model.vocab_size", int.MaxValue) ?? throw Wrong("model.vocab_size", "is missing"));
            string name = graphFile ?? Text(decoder, "filename") ?? throw Wrong("model.decoder.filename", "is missing");
            string graph = System.IO.Path.Combine(folder, name);
            if (!File.Exists(graph))
            {
                throw new OnnxGenAIException($"The model's graph {graph} does not exist ({(graphFile is null ? "model.decoder.filename of " + file : "OnnxGenAIEngineOptions.ModelFile")}).");
            }

            long layers = Number(decoder, "model.decoder.num_hidden_layers", int.MaxValue) ?? 0;
            long heads = Number(decoder, "model.decoder.num_key_value_heads", int.MaxValue) ?? 0;
            long headSize = Number(decoder, "model.decoder.head_size", int.MaxValue) ?? 0;
            return new ModelFolder(folder)
            {
                VocabularySize = vocabulary,
                ContextLength = (int)(Number(model, "model.context_length", int.MaxValue) ?? throw Wrong("model.context_length", "is missing")),
                EndTokens = EndTokensOf(model, vocabulary),
                GraphFile = graph,
                IsPaged = batching is not null,
                IsCuda = NamesCuda(decoder),
                BlockSize = batching is { } b ? (int?)Number(b, "engine.dynamic_batching.block_size", int.MaxValue) ?? 256 : null,
                BlockCount = batching is { } c ? Number(c, "engine.dynamic_batching.num_blocks", int.MaxValue) : null,
                MaxBatchSize = batching is { } d ? (int?)Number(d, "engine.dynamic_batching.max_batch_size", int.MaxValue) : null,
                MaxScheduledTokens = batching is { } e ? (int?)Number(e, "engine.dynamic_batching.max_scheduled_tokens", int.MaxValue) : null,
                ChunkSize = Object(root, "search") is { } search ? (int)(Number(search, "search.chunk_size", int.MaxValue, min: 0) ?? 0) : 0,
                KvElementsPerToken = 2 * layers * heads * headSize,
                HasTokenizer = File.Exists(System.IO.Path.Combine(folder, "tokenizer.json")) && File.Exists(System.IO.Path.Combine(folder, "tokenizer_config.json")),
            };
        }

        private int[] EndTokensOf(JsonElement model, int vocabulary)
        {
            if (!model.TryGetProperty("eos_token_id", out JsonElement value))
            {
                throw Wrong("model.eos_token_id", "is missing");
            }

            List<int> ids = [];
            if (value.ValueKind == JsonValueKind.Array)
            {
                foreach (JsonElement item in value.EnumerateArray())
                {
                    ids.Add(item.ValueKind == JsonValueKind.Number && item.TryGetInt32(out int id) ? id : -1);
                }
            }
            else
            {
                ids.Add(value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int id) ? id : -1);
            }

            if (ids.Count == 0 || ids.Exists(id => id < 0 || id >= vocabulary))
            {
                throw Wrong("model.eos_token_id", $"must be one or more token ids from 0 to {vocabulary - 1}");
            }

            return [.. ids.Distinct()];
        }

        private bool NamesCuda(JsonElement decoder)
        {
            if (Object(decoder, "session_options") is not { } session || !session.TryGetProperty("provider_options", out JsonElement providers) || providers.ValueKind != JsonValueKind.Array)
            {
                return false;
            }

            foreach (JsonElement provider in providers.EnumerateArray())
            {
                if (provider.ValueKind == JsonValueKind.Object && provider.EnumerateObject().Any(static entry => entry.Name.Equals("cuda", StringComparison.OrdinalIgnoreCase)))
                {
                    return true;
                }
            }

            return false;
        }

        private JsonElement? Object(JsonElement parent, string name)
        {
            if (parent.ValueKind != JsonValueKind.Object || !parent.TryGetProperty(name, out JsonElement value))
            {
                return null;
            }

            return value.ValueKind == JsonValueKind.Object ? value : throw Wrong(name, "must be an object");
        }

        private static string? Text(JsonElement parent, string name) =>
            parent.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

        private long? Number(JsonElement parent, string field, long max, long min = 1)
        {
            string name = field[(field.LastIndexOf('.') + 1)..];
            if (!parent.TryGetProperty(name, out JsonElement value))
            {
                return null;
            }

            return value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out long number) && number >= min && number <= max
                ? number
                : throw Wrong(field, $"must be a whole number from {min} to {max}");
        }

        private OnnxGenAIException Wrong(string field, string reason) => new($"{file}: {field} {reason}.");
    }
}
