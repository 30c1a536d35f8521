using System.Text;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace KvScheduling.AspNetCore;

/// <summary>Reads <c>messages</c>.</summary>
internal static class ChatMessageReader
{
    public static IReadOnlyList<ChatMessage> Read(JsonField field)
    {
        List<ChatMessage> messages = [.. field.AsArray().Select(ReadMessage)];
        return messages.Count > 0 ? messages : throw field.Error("must hold at least one message.", "empty_array");
    }

    private static ChatMessage ReadMessage(JsonField message)
    {
        JsonField role = message.AsObject().Require("role");
        ChatMessage result = role.AsString() switch
        {
            // "developer" is the newer name of the same thing; models know "system".
            "system" or "developer" => new ChatMessage(ChatRole.System, ReadText(message.Require("content"))),
            "user" => new ChatMessage(ChatRole.User, ReadText(message.Require("content"))),
            "assistant" => ReadAssistant(message),
            "tool" => ReadToolResult(message),
            "function" => throw role.Error("is 'function', which is deprecated and not supported; use 'tool' with 'tool_call_id'."),
            _ => throw role.Error("must be one of 'system', 'developer', 'user', 'assistant', 'tool'."),
        };
        if (message.TryGet("name", out JsonField name))
        {
            result.AuthorName = name.AsString();
        }

        return result;
    }

    private static ChatMessage ReadAssistant(JsonField message)
    {
        List<AIContent> contents = [];
        if (message.TryGet("content", out JsonField content))
        {
            contents.Add(new TextContent(ReadText(content)));
        }

        if (message.TryGet("tool_calls", out JsonField calls))
        {
            contents.AddRange(calls.AsArray().Select(ReadToolCall));
        }
        else if (contents.Count == 0)
        {
            message.Require("content");
        }

        return new ChatMessage(ChatRole.Assistant, contents);
    }

    private static FunctionCallContent ReadToolCall(JsonField call)
    {
        string id = call.AsObject().Require("id").AsString();
        if (call.TryGet("type", out JsonField type) && type.AsString() != "function")
        {
            throw type.Error("must be 'function', the only kind of tool that is supported.");
        }

        JsonField function = call.Require("function").AsObject();
        return new FunctionCallContent(id, function.Require("name").AsString(), ReadArguments(function.Require("arguments")));
    }

    private static Dictionary<string, object?> ReadArguments(JsonField field)
    {
        string text = field.AsString();
        Dictionary<string, object?> arguments = new(StringComparer.Ordinal);
        if (string.IsNullOrWhiteSpace(text))
        {
            return arguments;
        }

        try
        {
            JsonElement parsed = JsonElement.Parse(text);
            if (parsed.ValueKind == JsonValueKind.Object)
            {
                foreach (JsonProperty argument in parsed.EnumerateObject())
                {
                    arguments[argument.Name] = argument.Value;
                }

                return arguments;
            }
        }
        catch (JsonException)
        {
            // The same complaint as for JSON that is no object.
        }

        throw field.Error("must be a JSON object, written out as a string.");
    }

    private static ChatMessage ReadToolResult(JsonField message)
    {
        string id = message.Require("tool_call_id").AsString();
        return new ChatMessage(ChatRole.Tool, [new FunctionResultContent(id, ReadText(message.Require("content")))]);
    }

    /// <summary>A string, or the text parts of an array, joined.</summary>
    private static string ReadText(JsonField content)
    {
        if (content.Kind == JsonValueKind.String)
        {
            return content.AsString();
        }

        if (content.Kind != JsonValueKind.Array)
        {
            throw content.WrongType("a string or an array of content parts");
        }

        StringBuilder text = new();
        foreach (JsonField part in content.AsArray())
        {
            JsonField type = part.AsObject().Require("type");
            text.Append(type.AsString() switch
            {
                "text" => part.Require("text").AsString(),
                "refusal" => part.Require("refusal").AsString(),
                _ => throw type.Error($"is '{type.AsString()}', but the model reads text only.", "unsupported_content"),
            });
        }

        return text.ToString();
    }
}
