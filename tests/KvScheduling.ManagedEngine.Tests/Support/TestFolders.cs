namespace KvScheduling.ManagedEngine.Tests;

/// <summary>Where models lie: some in the repository, larger ones in a folder beside it, on machines that have it.</summary>
internal static class TestFolders
{
    public static string Repository { get; } = FindRepository();

    public static string TinyChat => Path.Combine(Repository, "models", "tiny-chat");

    public static string SharedModels => Path.GetFullPath(Path.Combine(Repository, "..", "shared", "models"));

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

/// <summary>A test that needs a model of the folder beside the repository.</summary>
internal sealed class SharedModelFactAttribute : FactAttribute
{
    public SharedModelFactAttribute(string model)
    {
        if (!Directory.Exists(Path.Combine(TestFolders.SharedModels, model)))
        {
            Skip = $"../shared/models/{model} is not on this machine.";
        }
    }
}

/// <summary>A theory that needs a model of the folder beside the repository.</summary>
internal sealed class SharedModelTheoryAttribute : TheoryAttribute
{
    public SharedModelTheoryAttribute(string model)
    {
        if (!Directory.Exists(Path.Combine(TestFolders.SharedModels, model)))
        {
            Skip = $"../shared/models/{model} is not on this machine.";
        }
    }
}
