using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.AI;

namespace KvScheduling.AspNetCore;

/// <summary>Reads the body of POST /chat/completions. Fields it does not know are ignored; those it knows and cannot honour are refused by name.</summary>
internal static class ChatCompletionRequestReader
{
    /// <summary>OpenAI's own limit is 4; more is harmless, an unbounded list is not.</summary>
    private const int MaxStopSequences = 16;

    /// <summary>Reads a request.</summary>
    /// <param name="body">The parsed body.</param>
    /// <param name="options">The endpoints' settings.</param>
    /// <param name="context">The call, for the tenant selector.</param>
    /// <exception cref="InvalidRequestException">A field is wrong; the exception names it.</exception>
    public static ChatCompletionRequest Read(JsonElement body, OpenAIEndpointOptions options, HttpContext context)
    {
        if (body.ValueKind != JsonValueKind.Object)
        {
            throw new InvalidRequestException(null, "The body must be a JSON object.", "invalid_type");
        }

        JsonField root = new(body, string.Empty);
        RefuseWhatIsNotSupported(root);
        bool stream = root.TryGet("stream", out JsonField streamField) && streamField.AsBoolean();
        ChatOptions chat = new()
        {
            Temperature = root.TryGet("temperature", out JsonField temperature) ? (float)temperature.AsNumber(0, 2) : null,
            TopP = root.TryGet("top_p", out JsonField topP) ? (float)topP.AsNumber(0, 1, exclusiveMin: true) : null,
            TopK = ReadTopK(root),
            Seed = root.TryGet("seed", out JsonField seed) ? seed.AsInt64() : null,
            FrequencyPenalty = root.TryGet("frequency_penalty", out JsonField frequency) ? (float)frequency.AsNumber(-2, 2) : null,
            PresencePenalty = root.TryGet("presence_penalty", out JsonField presence) ? (float)presence.AsNumber(-2, 2) : null,
            MaxOutputTokens = ReadMaxTokens(root),
            StopSequences = ReadStop(root),
            ResponseFormat = ResponseFormatReader.Read(root),
            Reasoning = ReadReasoning(root),
        };
        ToolReader.Read(root, chat);
        SchedulingFieldReader.Read(root, chat, options, context);
        return new ChatCompletionRequest
        {
            Model = root.TryGet("model", out JsonField model) ? model.AsString() : null,
            Messages = ChatMessageReader.Read(root.Require("messages")),
            Options = chat,
            Stream = stream,
            IncludeUsage = ReadIncludeUsage(root, stream),
        };
    }

    private static void RefuseWhatIsNotSupported(JsonField root)
    {
        if (root.TryGet("n", out JsonField n) && n.AsInt32(1) > 1)
        {
            throw n.Error(
                "must be 1: one answer is generated per request. Send several requests instead; their prompt is computed once where prefixes are shared.",
                "unsupported_value");
        }

        if (root.TryGet("logprobs", out JsonField logprobs) && logprobs.AsBoolean())
        {
            throw logprobs.Error("is not supported: the engine reports tokens, not their probabilities.", "unsupported_parameter");
        }

        if (root.TryGet("top_logprobs", out JsonField topLogprobs))
        {
            throw topLogprobs.Error("is not supported: the engine reports tokens, not their probabilities.", "unsupported_parameter");
        }

        if (root.TryGet("logit_bias", out JsonField bias) && !bias.AsObject().IsEmptyObject)
        {
            throw bias.Error("is not supported.", "unsupported_parameter");
        }

        if (root.TryGet("functions", out JsonField functions))
        {
            throw functions.Error("is deprecated and not supported; use 'tools'.", "unsupported_parameter");
        }

        if (root.TryGet("function_call", out JsonField functionCall))
        {
            throw functionCall.Error("is deprecated and not supported; use 'tool_choice'.", "unsupported_parameter");
        }
    }

    private static int? ReadTopK(JsonField root)
    {
        if (!root.TryGet("top_k", out JsonField topK))
        {
            return null;
        }

        // -1 is vLLM's way to say "off", 0 is everybody else's.
        int value = topK.AsInt32(-1);
        return value > 0 ? value : null;
    }

    private static int? ReadMaxTokens(JsonField root)
    {
        int? old = root.TryGet("max_tokens", out JsonField maxTokens) ? maxTokens.AsInt32(1) : null;
        return root.TryGet("max_completion_tokens", out JsonField maxCompletionTokens) ? maxCompletionTokens.AsInt32(1) : old;
    }

    private static List<string>? ReadStop(JsonField root)
    {
        if (!root.TryGet("stop", out JsonField stop))
        {
            return null;
        }

        if (stop.Kind == JsonValueKind.String)
        {
            return [ReadStopSequence(stop)];
        }

        if (stop.Kind != JsonValueKind.Array)
        {
            throw stop.WrongType("a string or an array of strings");
        }

        List<string> sequences = [.. stop.AsArray().Select(ReadStopSequence)];
        return sequences.Count <= MaxStopSequences
            ? sequences
            : throw stop.Error($"may hold at most {MaxStopSequences} sequences, but holds {sequences.Count}.", "array_above_max_length");
    }

    private static string ReadStopSequence(JsonField field)
    {
        string sequence = field.AsString();
        return sequence.Length > 0 ? sequence : throw field.Error("must not be empty.", "empty_string");
    }

    private static ReasoningOptions? ReadReasoning(JsonField root)
    {
        if (!root.TryGet("reasoning_effort", out JsonField effort))
        {
            return null;
        }

        return new ReasoningOptions
        {
            Effort = effort.AsString() switch
            {
                "none" => ReasoningEffort.None,
                "minimal" or "low" => ReasoningEffort.Low,
                "medium" => ReasoningEffort.Medium,
                "high" => ReasoningEffort.High,
                "xhigh" => ReasoningEffort.ExtraHigh,
                _ => throw effort.Error("must be one of 'none', 'minimal', 'low', 'medium', 'high', 'xhigh'."),
            },
        };
    }

    private static bool ReadIncludeUsage(JsonField root, bool stream)
    {
        if (!root.TryGet("stream_options", out JsonField streamOptions))
        {
            return false;
        }

        if (!stream)
        {
            throw streamOptions.Error("is only allowed when 'stream' is true.");
        }

        return streamOptions.AsObject().TryGet("include_usage", out JsonField includeUsage) && includeUsage.AsBoolean();
    }
}
