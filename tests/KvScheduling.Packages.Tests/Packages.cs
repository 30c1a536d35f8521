using System.Diagnostics;
using System.Reflection;

namespace KvScheduling.Packages.Tests;

/// <summary>Packs the projects once for all tests, into a folder that goes away with them.</summary>
[CollectionDefinition(nameof(Packages))]
public sealed class Packages : IAsyncLifetime, ICollectionFixture<Packages>
{
    private readonly DirectoryInfo _work = Directory.CreateTempSubdirectory("kvscheduling-packages-");

    internal static string Root { get; } = FindRoot();

    internal static bool HasSemanticKernel { get; } = Metadata("HasSemanticKernel") == "true";

    internal static bool HasNativeAot { get; } = Metadata("HasNativeAot") == "true";

    internal static bool HasOnnxRuntimeGenAI { get; } = Metadata("HasOnnxRuntimeGenAI") == "true";

    internal static string Configuration { get; } = typeof(Packages).Assembly.GetCustomAttribute<AssemblyConfigurationAttribute>()!.Configuration;

    /// <summary>Where this machine keeps unpacked packages.</summary>
    internal static string Cache { get; } = Environment.GetEnvironmentVariable("NUGET_PACKAGES")
        ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");

    internal static string Version { get; } = Metadata("Version");

    internal string Folder => Path.Combine(_work.FullName, "packages");

    public async Task InitializeAsync()
    {
        if (!File.Exists(Path.Combine(Root, "README.md")))
        {
            return;
        }

        string project = Path.Combine(Root, "eng", "Pack.proj");
        string[] properties = [$"-p:Configuration={Configuration}", $"-p:PackageFolder={Folder}", "-p:KvsPackWhatIsComplete=true"];
        await RunAsync(Root, ["msbuild", project, "-nologo", "-verbosity:quiet", "-nodeReuse:false", .. properties]);
    }

    public Task DisposeAsync()
    {
        _work.Delete(recursive: true);
        return Task.CompletedTask;
    }

    /// <summary>A folder outside the repository, so that nothing of it reaches what is built there.</summary>
    internal string CreateFolder(string name) => _work.CreateSubdirectory(name).FullName;

    internal static async Task<string> RunAsync(string folder, params string[] arguments)
    {
        (int exitCode, string output) = await TryRunAsync(folder, new Dictionary<string, string>(), arguments);
        Assert.True(exitCode == 0, $"dotnet {string.Join(' ', arguments)}\n{output}");
        return output;
    }

    /// <summary>Runs dotnet, with more in its environment.</summary>
    /// <returns>Its exit code and all that it printed.</returns>
    internal static Task<(int ExitCode, string Output)> TryRunAsync(string folder, IReadOnlyDictionary<string, string> environment, params string[] arguments) =>
        TryStartAsync(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", folder, environment, arguments);

    /// <summary>Runs a program, with more in its environment.</summary>
    /// <returns>Its exit code and all that it printed.</returns>
    internal static async Task<(int ExitCode, string Output)> TryStartAsync(string program, string folder, IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };

        // What the test run's own build says about itself must not reach this one.
        foreach (string name in start.Environment.Keys.Where(static name => name.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToArray())
        {
            start.Environment.Remove(name);
        }

        // No build may leave processes behind that work in folders which are deleted, and none may print more than its result: not that there is news, nor a welcome.
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["DOTNET_NOLOGO"] = "1";
        start.Environment["DOTNET_CLI_WORKLOAD_UPDATE_NOTIFY_DISABLE"] = "1";
        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, output + await errors);
    }

    private static string Metadata(string key) =>
        typeof(Packages).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(attribute => attribute.Key == key).Value!;

    private static string FindRoot()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "KvScheduling.sln")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        return folder ?? throw new InvalidOperationException("The tests run outside the repository.");
    }
}

/// <summary>Packages carry the repository's README.md; without it there is nothing to pack.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class PackagesFactAttribute : FactAttribute
{
    public PackagesFactAttribute()
    {
        if (!File.Exists(Path.Combine(Packages.Root, "README.md")))
        {
            Skip = "README.md, which the packages carry, is not there.";
        }
    }
}
