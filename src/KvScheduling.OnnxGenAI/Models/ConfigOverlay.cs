using System.Buffers;
using System.Text;
using System.Text.Json;

namespace KvScheduling.OnnxGenAI;

/// <summary>The JSON that is merged over a model's config, so that the native engine runs with exactly the settings we report.</summary>
internal static class ConfigOverlay
{
    public static string Write(ModelFolder folder, OnnxGenAIEngineOptions options, EngineSettings settings)
    {
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter json = new(buffer))
        {
            json.WriteStartObject();
            WriteModel(json, folder, options);
            WriteSearch(json, settings);
            if (settings.IsPaged)
            {
                WriteEngine(json, options, settings);
            }

            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static void WriteModel(Utf8JsonWriter json, ModelFolder folder, OnnxGenAIEngineOptions options)
    {
        json.WriteStartObject("model");

        // The native engine swallows end tokens and does not say which one it was. With a single one it can only have been that; the others come out as ordinary tokens.
        json.WriteNumber("eos_token_id", folder.EndTokens[0]);
        json.WriteStartObject("decoder");
        json.WriteString("filename", Path.GetFileName(folder.GraphFile));
        if (options.Threads is { } threads)
        {
            json.WriteStartObject("session_options");
            json.WriteNumber("intra_op_num_threads", threads);
            json.WriteEndObject();
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }

    // A request says all of its sampling itself. These defaults of the model would refuse or bend every request.
    private static void WriteSearch(Utf8JsonWriter json, EngineSettings settings)
    {
        json.WriteStartObject("search");
        json.WriteNumber("min_length", 0);
        json.WriteNumber("num_beams", 1);
        json.WriteNumber("repetition_penalty", 1.0);
        json.WriteNumber("no_repeat_ngram_size", 0);
        if (settings.IsPaged)
        {
            json.WriteNumber("chunk_size", settings.PrefillChunkTokens);
        }

        json.WriteEndObject();
    }

    private static void WriteEngine(Utf8JsonWriter json, OnnxGenAIEngineOptions options, EngineSettings settings)
    {
        json.WriteStartObject("engine");
        json.WriteStartObject("dynamic_batching");
        json.WriteNumber("block_size", settings.BlockTokens);
        json.WriteNumber("num_blocks", settings.BlockCount);
        json.WriteNumber("max_batch_size", settings.MaxSequences);
        json.WriteNumber("max_scheduled_tokens", settings.MaxStepTokens);
        json.WriteBoolean("prefix_caching", options.SharePrefixes);
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
