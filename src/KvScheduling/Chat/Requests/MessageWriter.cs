using System.Text;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace KvScheduling;

/// <summary>Writes a conversation in OpenAI's shape, for the chat template.</summary>
internal sealed class MessageWriter
{
    private readonly Utf8JsonWriter _json;
    private readonly Dictionary<string, string> _namesByCallId = [];
    private string? _instructions;

    private MessageWriter(Utf8JsonWriter json, string? instructions)
    {
        _json = json;
        _instructions = instructions;
    }

    /// <summary>A JSON array of messages.</summary>
    /// <param name="messages">The conversation.</param>
    /// <param name="instructions">Put before the first system message's text, because many templates know one system message only; a message of their own when
    /// there is none.</param>
    /// <exception cref="ArgumentException">There is no message, or a null one.</exception>
    /// <exception cref="NotSupportedException">A message has content other than text and tool calls.</exception>
    public static string Write(IEnumerable<ChatMessage> messages, string? instructions) =>
        JsonValueWriter.Write((messages, instructions), static (json, state) => new MessageWriter(json, state.instructions).Write(state.messages));

    private void Write(IEnumerable<ChatMessage> messages)
    {
        int count = 0;
        _json.WriteStartArray();
        foreach (ChatMessage? message in messages)
        {
            if (message is null)
            {
                throw new ArgumentException($"Message {count} is null.", nameof(messages));
            }

            if (count == 0 && message.Role != ChatRole.System)
            {
                WriteInstructions();
            }

            Write(message);
            count++;
        }

        if (count == 0)
        {
            throw new ArgumentException("There is no message to answer.", nameof(messages));
        }

        _json.WriteEndArray();
    }

    private void WriteInstructions()
    {
        if (_instructions is not null)
        {
            _json.WriteStartObject();
            WriteMember("role", ChatRole.System.Value);
            WriteMember("content", _instructions);
            _json.WriteEndObject();
            _instructions = null;
        }
    }

    private void Write(ChatMessage message)
    {
        StringBuilder text = new(_instructions);
        if (_instructions is not null && message.Text.Length > 0)
        {
            text.Append("\n\n");
        }

        _instructions = null;
        List<FunctionCallContent>? calls = null;
        List<FunctionResultContent>? results = null;
        foreach (AIContent content in message.Contents)
        {
            switch (content)
            {
                case TextContent textContent:
                    text.Append(textContent.Text);
                    break;
                case FunctionCallContent call:
                    (calls ??= []).Add(call);
                    break;
                case FunctionResultContent result:
                    (results ??= []).Add(result);
                    break;
                case TextReasoningContent or UsageContent or ErrorContent:
                    // A model's reasoning is not part of its history, and the others are about a message, not of it.
                    break;
                default:
                    throw NotSupported(content);
            }
        }

        if (text.Length > 0 || calls is not null || results is null)
        {
            WriteMessage(message, text.ToString(), calls);
        }

        foreach (FunctionResultContent result in results ?? [])
        {
            WriteResult(result);
        }
    }

    private void WriteMessage(ChatMessage message, string text, List<FunctionCallContent>? calls)
    {
        _json.WriteStartObject();
        WriteMember("role", message.Role.Value);
        if (!string.IsNullOrEmpty(message.AuthorName))
        {
            WriteMember("name", message.AuthorName);
        }

        WriteMember("content", text);
        if (calls is not null)
        {
            _json.WriteStartArray("tool_calls");
            foreach (FunctionCallContent call in calls)
            {
                WriteCall(call);
            }

            _json.WriteEndArray();
        }

        _json.WriteEndObject();
    }

    private void WriteCall(FunctionCallContent call)
    {
        _namesByCallId[call.CallId] = call.Name;
        _json.WriteStartObject();
        WriteMember("id", call.CallId);
        _json.WriteString("type", "function");
        _json.WriteStartObject("function");
        WriteMember("name", call.Name);
        _json.WritePropertyName("arguments");
        JsonValueWriter.WriteObject(_json, call.Arguments ?? new Dictionary<string, object?>());
        _json.WriteEndObject();
        _json.WriteEndObject();
    }

    private void WriteResult(FunctionResultContent result)
    {
        _json.WriteStartObject();
        WriteMember("role", ChatRole.Tool.Value);
        WriteMember("tool_call_id", result.CallId);
        if (_namesByCallId.TryGetValue(result.CallId, out string? name))
        {
            WriteMember("name", name);
        }

        WriteMember("content", ToText(result));
        _json.WriteEndObject();
    }

    private static string ToText(FunctionResultContent content) => content.Result switch
    {
        null => content.Exception is null ? string.Empty : "Error: the function failed.",
        string text => text,
        JsonElement { ValueKind: JsonValueKind.String } element => element.GetString()!,
        AIContent part => ToText(part),
        IEnumerable<AIContent> parts => string.Concat(parts.Select(ToText)),
        object value => JsonValueWriter.Write(value, JsonValueWriter.WriteValue),
    };

    private static string ToText(AIContent content) => content is TextContent text ? text.Text : throw NotSupported(content);

    private void WriteMember(string name, string value)
    {
        _json.WritePropertyName(name);
        JsonValueWriter.WriteText(_json, value);
    }

    private static NotSupportedException NotSupported(AIContent content)
    {
        string kind = content switch
        {
            DataContent data => $"data of type {data.MediaType}",
            UriContent uri => $"a URI of type {uri.MediaType}",
            _ => $"content of kind {content.GetType().Name}",
        };
        return new NotSupportedException(
            $"A message holds {kind}; the engine's models read text only. Describe it in text, or take it out of the conversation.");
    }
}
