using System.Text.Json;

namespace KvScheduling.ManagedEngine.Tests;

/// <summary>Where the models lie: the bundled one in the repository, the others in the folder beside the clone, if it is there.</summary>
internal static class TestFolders
{
    public static string Repository { get; } = FindRepository();

    public static string TinyChat { get; } = Path.Combine(Repository, "models", "tiny-chat");

    public static string SharedModels { get; } = Path.GetFullPath(Path.Combine(Repository, "..", "shared", "models"));

    public static string Shared(string name) => Path.Combine(SharedModels, name);

    public static TokenizerModel TinyChatTokenizer { get; } = TokenizerFile.Read(Path.Combine(TinyChat, "tokenizer.json"));

    public static string Template(string name) =>
        File.ReadAllText(Path.Combine(Repository, "tests", "KvScheduling.ManagedEngine.Tests", "Text", "Templates", name + ".jinja"));

    public static JsonElement Golden(string folder)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "golden.json")));
        return document.RootElement.Clone();
    }

    public static int[] Tokens(this JsonElement golden, string name) => [.. golden.GetProperty(name).EnumerateArray().Select(item => item.GetInt32())];

    private static string FindRepository()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "KvScheduling.sln")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        return folder ?? throw new InvalidOperationException("The tests run outside the repository.");
    }
}
