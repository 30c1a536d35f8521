using System.Text.Json;
using Microsoft.Extensions.AI;

namespace KvScheduling;

/// <summary>Writes tools in OpenAI's shape, for the chat template.</summary>
internal static class ToolWriter
{
    /// <summary>A JSON array; <see langword="null"/> when there are no tools.</summary>
    public static string? Write(IReadOnlyList<AIFunctionDeclaration> tools) => tools.Count == 0
        ? null
        : JsonValueWriter.Write(tools, static (json, tools) =>
        {
            json.WriteStartArray();
            foreach (AIFunctionDeclaration tool in tools)
            {
                WriteTool(json, tool);
            }

            json.WriteEndArray();
        });

    private static void WriteTool(Utf8JsonWriter json, AIFunctionDeclaration tool)
    {
        json.WriteStartObject();
        json.WriteString("type", "function");
        json.WriteStartObject("function");
        json.WritePropertyName("name");
        JsonValueWriter.WriteText(json, tool.Name);
        if (!string.IsNullOrEmpty(tool.Description))
        {
            json.WritePropertyName("description");
            JsonValueWriter.WriteText(json, tool.Description);
        }

        json.WritePropertyName("parameters");
        tool.JsonSchema.WriteTo(json);
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
