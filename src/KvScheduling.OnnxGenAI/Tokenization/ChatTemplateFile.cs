using System.Text.Json;

namespace KvScheduling.OnnxGenAI;

/// <summary>Finds the chat template in a model folder.</summary>
internal static class ChatTemplateFile
{
    /// <summary>The text of chat_template.jinja, else chat_template of tokenizer_config.json (a list has it under "default"); null when there is neither.</summary>
    public static string? Read(string folder)
    {
        string jinja = Path.Combine(folder, "chat_template.jinja");
        if (File.Exists(jinja))
        {
            return File.ReadAllText(jinja);
        }

        string config = Path.Combine(folder, "tokenizer_config.json");
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(config));
            return document.RootElement.TryGetProperty("chat_template", out JsonElement template) ? TextOf(template) : null;
        }
        catch (JsonException error)
        {
            throw new OnnxGenAIException($"{config} is not JSON: {error.Message}", error);
        }
    }

    private static string? TextOf(JsonElement template)
    {
        if (template.ValueKind == JsonValueKind.String)
        {
            return template.GetString();
        }

        if (template.ValueKind != JsonValueKind.Array)
        {
            return null;
        }

        foreach (JsonElement entry in template.EnumerateArray())
        {
            if (entry.ValueKind == JsonValueKind.Object && entry.TryGetProperty("name", out JsonElement name) && name.ValueEquals("default")
                && entry.TryGetProperty("template", out JsonElement text))
            {
                return text.GetString();
            }
        }

        return null;
    }
}
