using System.Text.Json;
using Microsoft.Extensions.AI;

namespace KvScheduling.AspNetCore;

/// <summary>The parts that chunks and whole answers have in common.</summary>
internal static class CompletionJson
{
    /// <summary>OpenAI has no field for a model's reasoning; this is vLLM's and llama.cpp's.</summary>
    public const string Reasoning = "reasoning_content";

    public static string FinishReasonName(ChatFinishReason? reason, bool hasToolCalls) =>
        hasToolCalls && reason != ChatFinishReason.Length ? "tool_calls" : (reason ?? ChatFinishReason.Stop).Value;

    public static void WriteHead(Utf8JsonWriter json, CompletionIdentity identity, string objectName)
    {
        json.WriteString("id", identity.Id);
        json.WriteString("object", objectName);
        json.WriteNumber("created", identity.Created);
        json.WriteString("model", identity.Model);
    }

    public static void WriteToolCall(Utf8JsonWriter json, FunctionCallContent call, int? index)
    {
        json.WriteStartObject();
        if (index is int position)
        {
            json.WriteNumber("index", position);
        }

        json.WriteString("id", call.CallId);
        json.WriteString("type", "function");
        json.WriteStartObject("function");
        json.WriteString("name", call.Name);
        json.WriteString("arguments", Arguments(call));
        json.WriteEndObject();
        json.WriteEndObject();
    }

    public static void WriteUsage(Utf8JsonWriter json, UsageDetails? usage)
    {
        if (usage is null)
        {
            json.WriteNull("usage");
            return;
        }

        long prompt = usage.InputTokenCount ?? 0;
        long completion = usage.OutputTokenCount ?? 0;
        json.WriteStartObject("usage");
        json.WriteNumber("prompt_tokens", prompt);
        json.WriteNumber("completion_tokens", completion);
        json.WriteNumber("total_tokens", usage.TotalTokenCount ?? (prompt + completion));
        json.WriteStartObject("prompt_tokens_details");
        json.WriteNumber("cached_tokens", usage.CachedInputTokenCount ?? 0);
        json.WriteEndObject();
        if (usage.ReasoningTokenCount is long reasoning)
        {
            json.WriteStartObject("completion_tokens_details");
            json.WriteNumber("reasoning_tokens", reasoning);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    public static void WriteReport(Utf8JsonWriter json, SchedulingReport report)
    {
        json.WriteStartObject("scheduling");
        json.WriteString("engine", report.EngineInstance);
        json.WriteString("policy", report.Policy);
        json.WriteNumber("queue_ms", Milliseconds(report.QueueTime));
        json.WriteNumber("hold_ms", Milliseconds(report.HoldTime));
        WriteMilliseconds(json, "ttft_ms", report.TimeToFirstToken);
        WriteMilliseconds(json, "tpot_ms", report.TimePerOutputToken);
        json.WriteNumber("latency_ms", Milliseconds(report.Latency));
        json.WriteNumber("prompt_tokens", report.PromptTokens);
        json.WriteNumber("output_tokens", report.OutputTokens);
        json.WriteNumber("cached_tokens", report.CachedTokens);
        json.WriteNumber("evictions", report.Evictions);
        json.WriteNumber("recomputed_tokens", report.RecomputedTokens);
        json.WriteEndObject();
    }

    private static void WriteMilliseconds(Utf8JsonWriter json, string name, TimeSpan? time)
    {
        if (time is TimeSpan value)
        {
            json.WriteNumber(name, Milliseconds(value));
        }
        else
        {
            json.WriteNull(name);
        }
    }

    private static double Milliseconds(TimeSpan time) => Math.Round(time.TotalMilliseconds, 3);

    /// <summary>The arguments as text; what the model wrote, when that was no JSON object.</summary>
    private static string Arguments(FunctionCallContent call)
    {
        if (call.Exception is not null && call.RawRepresentation is string raw)
        {
            return raw;
        }

        if (call.Arguments is null)
        {
            return "{}";
        }

        try
        {
            return JsonSerializer.Serialize(call.Arguments, ToolArgumentsJsonContext.Relaxed.IDictionaryStringObject);
        }
        catch (NotSupportedException exception)
        {
            // The parser's doing, not the caller's, as which a NotSupportedException would be taken.
            throw new InvalidOperationException("A tool call has an argument of a type that JSON does not have.", exception);
        }
    }
}
