using System.Text.Json;

namespace KvScheduling.ManagedEngine.Tests;

/// <summary>A prompt and its greedy output.</summary>
internal sealed record GoldenCase(string Id, int[] Prompt, int[] Output);

internal static class Golden
{
    /// <summary>A model's cases, in either of the two layouts: cases with ids, or parallel arrays.</summary>
    public static GoldenCase[] Load(string path)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
        JsonElement root = document.RootElement;
        if (root.TryGetProperty("cases", out JsonElement cases))
        {
            return cases.EnumerateArray()
                .Select((c, i) => new GoldenCase(c.TryGetProperty("id", out JsonElement id) ? id.GetString()! : $"{i}", Ids(c.GetProperty("prompt_ids")), Ids(c.GetProperty("output_ids"))))
                .ToArray();
        }

        int[][] prompts = root.GetProperty("prompts").EnumerateArray().Select(Ids).ToArray();
        int[][] outputs = root.GetProperty("outputs").EnumerateArray().Select(Ids).ToArray();
        return prompts.Zip(outputs, (p, o) => new GoldenCase($"{p.Length} tokens", p, o)).ToArray();
    }

    private static int[] Ids(JsonElement array) => array.EnumerateArray().Select(e => e.GetInt32()).ToArray();
}
