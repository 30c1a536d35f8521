using System.Text.Json;

namespace KvScheduling.AspNetCore.Tests;

/// <summary>Reads what came over the wire.</summary>
internal static class Wire
{
    public static JsonElement Json(string text) => JsonElement.Parse(text);

    public static async Task<JsonElement> JsonAsync(this HttpResponseMessage response) => JsonElement.Parse(await response.Content.ReadAsStringAsync());

    /// <summary>Follows member names and array positions.</summary>
    public static JsonElement At(this JsonElement element, params object[] path)
    {
        foreach (object step in path)
        {
            element = step is int index ? element[index] : element.GetProperty((string)step);
        }

        return element;
    }

    /// <summary>The data of all events.</summary>
    public static List<string> Data(string stream) =>
        [.. stream.Split("\n\n", StringSplitOptions.RemoveEmptyEntries)
            .Where(static frame => frame.StartsWith("data: ", StringComparison.Ordinal))
            .Select(static frame => frame["data: ".Length..])];

    /// <summary>The next line that is not empty; null at the end.</summary>
    public static async Task<string?> NextLineAsync(StreamReader reader)
    {
        while (await reader.ReadLineAsync().WaitAsync(TestServer.Patience) is string line)
        {
            if (line.Length > 0)
            {
                return line;
            }
        }

        return null;
    }

    public static async Task<List<string>> RestAsync(StreamReader reader)
    {
        List<string> lines = [];
        while (await NextLineAsync(reader) is string line)
        {
            lines.Add(line);
        }

        return lines;
    }
}
