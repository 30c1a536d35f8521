using System.Text.Json;

namespace KvScheduling.ManagedEngine;

/// <summary>Conversations and tools as templates see them.</summary>
internal static class ChatMessages
{
    /// <summary>
    /// Reads messages. Arguments of tool calls, which OpenAI's shape has as a string of JSON, become what the string says: models were trained with templates
    /// that got them so.
    /// </summary>
    public static JinjaList Read(string json)
    {
        JinjaList messages = ReadArray(json, "messagesJson");
        foreach (object? message in messages.Items)
        {
            if (message is JinjaDictionary entries && entries.TryGet("tool_calls", out object? calls) && calls is JinjaList list)
            {
                foreach (object? call in list.Items)
                {
                    ExpandArguments(call is JinjaDictionary outer && outer.TryGet("function", out object? function) ? function : call);
                }
            }
        }

        return messages;
    }

    public static JinjaList ReadArray(string json, string parameter)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            return document.RootElement.ValueKind == JsonValueKind.Array
                ? (JinjaList)PythonJson.Read(document.RootElement)!
                : throw new ArgumentException("Must be a JSON array.", parameter);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            throw new ArgumentException($"Must be a JSON array: {exception.Message}", parameter, exception);
        }
    }

    private static void ExpandArguments(object? function)
    {
        if (function is not JinjaDictionary entries || !entries.TryGet("arguments", out object? arguments) || arguments is not string text)
        {
            return;
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(text);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                entries["arguments"] = PythonJson.Read(document.RootElement);
            }
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // A model may have written broken arguments: then its words go back to it as they were.
        }
    }
}
