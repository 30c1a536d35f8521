using System.Buffers;
using System.Text;
using System.Text.Json;

namespace KvScheduling.OnnxGenAI;

/// <summary>A request's grammar in the native library's terms.</summary>
internal static class Guidance
{
    public const string JsonSchema = "json_schema";

    private const string Extension = "x-guidance";

    /// <summary>The schema with white space between its parts forbidden, which models otherwise use without end; unchanged when the schema says itself what it wants.</summary>
    /// <exception cref="EngineFaultException">The schema is not JSON.</exception>
    public static string Schema(OutputConstraint constraint)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(constraint.Text);
            JsonElement schema = document.RootElement;
            if (schema.ValueKind != JsonValueKind.Object || schema.TryGetProperty(Extension, out _))
            {
                return constraint.Text;
            }

            ArrayBufferWriter<byte> buffer = new();
            using (Utf8JsonWriter json = new(buffer))
            {
                json.WriteStartObject();
                foreach (JsonProperty property in schema.EnumerateObject())
                {
                    property.WriteTo(json);
                }

                json.WriteStartObject(Extension);
                json.WriteBoolean("whitespace_flexible", false);
                json.WriteEndObject();
                json.WriteEndObject();
            }

            return Encoding.UTF8.GetString(buffer.WrittenSpan);
        }
        catch (JsonException error)
        {
            throw new EngineFaultException($"The JSON schema that the output must follow is not JSON: {error.Message}", isFatal: false, error);
        }
    }
}
