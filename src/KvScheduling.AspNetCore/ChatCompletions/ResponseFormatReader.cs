using System.Text.Json;
using Microsoft.Extensions.AI;

namespace KvScheduling.AspNetCore;

/// <summary>Reads <c>response_format</c>.</summary>
internal static class ResponseFormatReader
{
    public static ChatResponseFormat? Read(JsonField root)
    {
        if (!root.TryGet("response_format", out JsonField format))
        {
            return null;
        }

        JsonField type = format.AsObject().Require("type");
        return type.AsString() switch
        {
            "text" => ChatResponseFormat.Text,
            "json_object" => ChatResponseFormat.Json,
            "json_schema" => ReadSchema(format.Require("json_schema")),
            _ => throw type.Error("must be one of 'text', 'json_object', 'json_schema'."),
        };
    }

    private static ChatResponseFormatJson ReadSchema(JsonField declaration)
    {
        string name = declaration.AsObject().Require("name").AsString();
        string? description = declaration.TryGet("description", out JsonField text) ? text.AsString() : null;
        // Without a schema OpenAI takes any JSON, as 'json_object' does.
        return declaration.TryGet("schema", out JsonField schema)
            ? ChatResponseFormat.ForJsonSchema(schema.AsObject().Clone(), name, description)
            : ChatResponseFormat.ForJsonSchema(JsonElement.Parse("{}"), name, description);
    }
}
