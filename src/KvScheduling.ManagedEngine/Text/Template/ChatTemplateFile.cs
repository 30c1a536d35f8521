using System.Text;
using System.Text.Json;

namespace KvScheduling.ManagedEngine;

/// <summary>
/// Finds the chat template of a model folder: <c>chat_template.jinja</c>, or in <c>tokenizer_config.json</c> a string or a list of named templates.
/// </summary>
internal static class ChatTemplateFile
{
    private const string TemplateName = "chat_template.jinja";
    private const string ConfigName = "tokenizer_config.json";
    private const string Field = "chat_template";
    private const long MaxBytes = 4 << 20;

    private static readonly string[] SpecialTokenNames = ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"];

    /// <summary>The folder's template, compiled; <see langword="null"/> when it has none.</summary>
    public static ChatTemplate? Open(string folder, string? replacement, TimeProvider timeProvider)
    {
        using JsonFile? config = JsonFile.ReadIfPresent(Path.Combine(folder, ConfigName));
        Dictionary<string, string> specialTokens = ReadSpecialTokens(config);
        if (replacement is not null)
        {
            return new ChatTemplate("ChatTemplateOverride", replacement, specialTokens, timeProvider);
        }

        string path = Path.Combine(folder, TemplateName);
        if (File.Exists(path))
        {
            return new ChatTemplate(path, Encoding.UTF8.GetString(FolderFiles.ReadAll(path, MaxBytes)).TrimStart('\uFEFF'), specialTokens, timeProvider);
        }

        return config is not null && FindIn(config) is { } text ? new ChatTemplate($"of {config.Path}", text, specialTokens, timeProvider) : null;
    }

    private static string? FindIn(JsonFile config)
    {
        if (JsonFile.Find(config.Root, Field) is not { } value)
        {
            return null;
        }

        if (value.ValueKind != JsonValueKind.Array)
        {
            return config.AsText(value, Field);
        }

        string? first = null;
        foreach (JsonElement item in value.EnumerateArray())
        {
            string template = config.Text(item, "template", $"{Field}.template");
            if (config.Text(item, "name", $"{Field}.name") == "default")
            {
                return template;
            }

            first ??= template;
        }

        return first;
    }

    private static Dictionary<string, string> ReadSpecialTokens(JsonFile? config)
    {
        var tokens = new Dictionary<string, string>(StringComparer.Ordinal);
        if (config is null)
        {
            return tokens;
        }

        foreach (string name in SpecialTokenNames)
        {
            // A token is its text, or an object that says more about it.
            if (JsonFile.Find(config.Root, name) is { } value)
            {
                tokens[name] = value.ValueKind == JsonValueKind.Object ? config.Text(value, "content", $"{name}.content") : config.AsText(value, name);
            }
        }

        return tokens;
    }
}
