using System.Text.Json;

namespace KvScheduling.OnnxGenAI.Tests;

/// <summary>One prompt with the output a model must give.</summary>
internal sealed record GoldenCase(string Id, int[] Prompt, int[] Output, bool EndsByItself, string? Text, string? Rendered, string? Messages, string? Tools)
{
    public override string ToString() => Id;
}

internal static class GoldenCases
{
    private static readonly Lazy<IReadOnlyList<GoldenCase>> Tiny = new(static () => Read(Path.Combine(TestFolders.TinyChat, "golden.json"), endsByDefault: true));

    /// <summary>The 86 cases of tiny-chat.</summary>
    public static IReadOnlyList<GoldenCase> TinyChat => Tiny.Value;

    /// <summary>Those that don't take long: most of them.</summary>
    public static IReadOnlyList<GoldenCase> Medium => [.. TinyChat.Where(static c => c.Prompt.Length < 500 && c.Output.Length < 250)];

    /// <summary>Cases that keep a test short: few prompt and output tokens.</summary>
    public static IReadOnlyList<GoldenCase> Short(int count) =>
        [.. TinyChat.Where(static c => c.Prompt.Length < 120 && c.Output.Length is > 8 and < 80).Take(count)];

    public static IReadOnlyList<GoldenCase> Read(string path, bool endsByDefault)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
        JsonElement cases = document.RootElement.ValueKind == JsonValueKind.Array ? document.RootElement : document.RootElement.GetProperty("cases");
        List<GoldenCase> read = [];
        foreach (JsonElement one in cases.EnumerateArray())
        {
            bool ends = one.TryGetProperty("finish", out JsonElement finish) ? finish.GetString() == "eos" : endsByDefault;
            read.Add(new GoldenCase(
                one.TryGetProperty("id", out JsonElement id) ? id.GetString()! : "case-" + read.Count,
                Ids(one.GetProperty("prompt_ids")),
                Ids(one.GetProperty("output_ids")),
                ends,
                Text(one, "output_text"),
                Text(one, "prompt"),
                Json(one, "messages"),
                Json(one, "tools")));
        }

        return read;
    }

    private static int[] Ids(JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.String)
        {
            using JsonDocument inner = JsonDocument.Parse(value.GetString()!);
            return Ids(inner.RootElement);
        }

        return [.. value.EnumerateArray().Select(static id => id.GetInt32())];
    }

    private static string? Text(JsonElement one, string name) => one.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static string? Json(JsonElement one, string name) => one.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Array ? value.GetRawText() : null;
}
