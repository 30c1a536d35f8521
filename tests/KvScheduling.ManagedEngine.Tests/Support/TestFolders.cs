using System.Text.Json;

namespace KvScheduling.ManagedEngine.Tests;

/// <summary>Where the models lie: the bundled one in the repository, the others in the folder beside the clone, if it is there.</summary>
internal static class TestFolders
{
    public static string Repository { get; } = FindRepository();

    public static string TinyChat { get; } = Path.Combine(Repository, "models", "tiny-chat");

    public static string SharedModels { get; } = Path.GetFullPath(Path.Combine(Repository, "..", "shared", "models"));

    public static string Shared(string name) => Path.Combine(SharedModels, name);

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

/// <summary>A test that needs a folder beside the clone; skipped where it is absent.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class SharedFactAttribute : FactAttribute
{
    public SharedFactAttribute(string name)
    {
        if (!Directory.Exists(TestFolders.Shared(name)))
        {
            Skip = $"../shared/models/{name} is not there.";
        }
    }
}

/// <summary>A theory that needs a folder beside the clone; skipped where it is absent.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class SharedTheoryAttribute : TheoryAttribute
{
    public SharedTheoryAttribute(string name)
    {
        if (!Directory.Exists(TestFolders.Shared(name)))
        {
            Skip = $"../shared/models/{name} is not there.";
        }
    }
}
