using System.Text.Json;

namespace KvScheduling.AspNetCore.Tests;

/// <summary>What an answer says, whole or streamed.</summary>
internal sealed record Answer(string Text, (string Name, string Arguments)? ToolCall, string FinishReason, int PromptTokens, int OutputTokens)
{
    public static Answer FromJson(JsonElement body)
    {
        JsonElement choice = body.At("choices", 0);
        JsonElement message = choice.GetProperty("message");
        return new Answer(
            message.GetProperty("content").GetString() ?? string.Empty,
            message.TryGetProperty("tool_calls", out JsonElement calls) ? ReadCall(calls[0]) : null,
            choice.GetProperty("finish_reason").GetString()!,
            body.At("usage", "prompt_tokens").GetInt32(),
            body.At("usage", "completion_tokens").GetInt32());
    }

    public static Answer FromStream(string stream)
    {
        List<string> data = Wire.Data(stream);
        if (data[^1] != "[DONE]")
        {
            throw new InvalidOperationException($"The stream ends with {data[^1]}.");
        }

        string text = string.Empty;
        string finishReason = string.Empty;
        (string, string)? call = null;
        foreach (JsonElement choice in data[..^2].Select(static chunk => Wire.Json(chunk).At("choices", 0)))
        {
            JsonElement delta = choice.GetProperty("delta");
            text += delta.TryGetProperty("content", out JsonElement content) ? content.GetString() : string.Empty;
            call = delta.TryGetProperty("tool_calls", out JsonElement calls) ? ReadCall(calls[0]) : call;
            finishReason = choice.GetProperty("finish_reason").GetString() ?? finishReason;
        }

        JsonElement usage = Wire.Json(data[^2]).GetProperty("usage");
        return new Answer(text, call, finishReason, usage.GetProperty("prompt_tokens").GetInt32(), usage.GetProperty("completion_tokens").GetInt32());
    }

    private static (string Name, string Arguments) ReadCall(JsonElement call) =>
        (call.At("function", "name").GetString()!, call.At("function", "arguments").GetString()!);
}
