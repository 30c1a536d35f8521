using System.Buffers;
using System.Collections;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.AI;

namespace KvScheduling;

/// <summary>Writes loosely typed values (arguments and results of tools) as JSON, without reflection of its own.</summary>
internal static class JsonValueWriter
{
    /// <summary>For JSON that goes into a prompt: the model should read characters, not escapes.</summary>
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes one JSON text.</summary>
    public static string Write<TState>(TState state, Action<Utf8JsonWriter, TState> write)
    {
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter json = new(buffer, Options))
        {
            write(json, state);
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    public static void WriteValue(Utf8JsonWriter json, object? value)
    {
        switch (value)
        {
            case null:
                json.WriteNullValue();
                break;
            case JsonElement { ValueKind: JsonValueKind.Undefined }:
                json.WriteNullValue();
                break;
            case JsonElement element:
                element.WriteTo(json);
                break;
            case JsonDocument document:
                document.WriteTo(json);
                break;
            case JsonNode node:
                node.WriteTo(json);
                break;
            case string text:
                WriteText(json, text);
                break;
            case bool flag:
                json.WriteBooleanValue(flag);
                break;
            case sbyte or byte or short or ushort or int or uint or long:
                json.WriteNumberValue(Convert.ToInt64(value, CultureInfo.InvariantCulture));
                break;
            case ulong number:
                json.WriteNumberValue(number);
                break;
            case decimal number:
                json.WriteNumberValue(number);
                break;
            case float number when float.IsFinite(number):
                json.WriteNumberValue(number);
                break;
            case double number when double.IsFinite(number):
                json.WriteNumberValue(number);
                break;
            case IEnumerable<KeyValuePair<string, object?>> members:
                WriteObject(json, members);
                break;
            case IEnumerable items when !HasTypeInfo(value):
                WriteArray(json, items);
                break;
            default:
                WriteOther(json, value);
                break;
        }
    }

    public static void WriteObject(Utf8JsonWriter json, IEnumerable<KeyValuePair<string, object?>> members)
    {
        json.WriteStartObject();
        foreach ((string name, object? value) in members)
        {
            json.WritePropertyName(WellFormed(name));
            WriteValue(json, value);
        }

        json.WriteEndObject();
    }

    /// <summary>Writes text; half a surrogate pair, which no JSON can hold, becomes U+FFFD.</summary>
    public static void WriteText(Utf8JsonWriter json, string text) => json.WriteStringValue(WellFormed(text));

    private static string WellFormed(string text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));

    private static void WriteArray(Utf8JsonWriter json, IEnumerable items)
    {
        json.WriteStartArray();
        foreach (object? item in items)
        {
            WriteValue(json, item);
        }

        json.WriteEndArray();
    }

    private static bool HasTypeInfo(object value) => AIJsonUtilities.DefaultOptions.TryGetTypeInfo(value.GetType(), out _);

    private static void WriteOther(Utf8JsonWriter json, object value)
    {
        if (value is not (float or double) && AIJsonUtilities.DefaultOptions.TryGetTypeInfo(value.GetType(), out JsonTypeInfo? typeInfo))
        {
            JsonSerializer.Serialize(json, value, typeInfo);
        }
        else
        {
            WriteText(json, Convert.ToString(value, CultureInfo.InvariantCulture) ?? string.Empty);
        }
    }
}
