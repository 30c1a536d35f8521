using System.Text.Json;

namespace KvScheduling.Conformance;

/// <summary>The golden outputs of the model that lies in the repository.</summary>
public static class GoldenCases
{
    private const int RoomForTheEndToken = 8;

    /// <summary>The folder of the model.</summary>
    public static string TinyChatFolder { get; } = Path.Combine(RepositoryRoot(), "models", "tiny-chat");

    /// <summary>Its cases: greedy outputs that end by themselves.</summary>
    public static IReadOnlyList<ConformanceCase> TinyChat { get; } = Read(Path.Combine(TinyChatFolder, "golden.json"));

    /// <summary>Reads a file of golden cases.</summary>
    /// <param name="file">A file with <c>cases</c>, each with <c>id</c>, <c>prompt_ids</c> and <c>output_ids</c>.</param>
    public static IReadOnlyList<ConformanceCase> Read(string file)
    {
        using FileStream stream = File.OpenRead(file);
        using JsonDocument document = JsonDocument.Parse(stream);
        return
        [
            .. document.RootElement.GetProperty("cases").EnumerateArray().Select(static item =>
            {
                int[] output = Tokens(item.GetProperty("output_ids"));
                int[] prompt = Tokens(item.GetProperty("prompt_ids"));
                return new ConformanceCase(item.GetProperty("id").GetString()!, prompt, output.Length + RoomForTheEndToken, output);
            }),
        ];
    }

    private static int[] Tokens(JsonElement array) => [.. array.EnumerateArray().Select(static token => token.GetInt32())];

    private static string RepositoryRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "KvScheduling.sln")))
            {
                return folder.FullName;
            }
        }

        throw new DirectoryNotFoundException(
            $"No folder above '{AppContext.BaseDirectory}' has KvScheduling.sln; run the tests from a clone of the repository.");
    }
}
