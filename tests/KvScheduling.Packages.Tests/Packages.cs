using System.Diagnostics;
using System.Reflection;

namespace KvScheduling.Packages.Tests;

/// <summary>Packs the projects once for all tests, into a folder that goes away with them.</summary>
public sealed class Packages : IAsyncLifetime
{
    private readonly DirectoryInfo _work = Directory.CreateTempSubdirectory("kvscheduling-packages-");

    internal static string Root { get; } = FindRoot();

    internal static bool HasSemanticKernel { get; } = Metadata("HasSemanticKernel") == "true";

    internal static bool HasNativeAot { get; } = Metadata("HasNativeAot") == "true";

    internal static string Version { get; } = Metadata("Version");

    internal string Folder => Path.Combine(_work.FullName, "packages");

    public async Task InitializeAsync()
    {
        if (!File.Exists(Path.Combine(Root, "README.md")))
        {
            return;
        }

        string configuration = typeof(Packages).Assembly.GetCustomAttribute<AssemblyConfigurationAttribute>()!.Configuration;
        string project = Path.Combine(Root, "eng", "Pack.proj");
        string[] properties = [$"-p:Configuration={configuration}", $"-p:PackageFolder={Folder}"];
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
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", arguments)
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

        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"dotnet {string.Join(' ', arguments)}\n{output}\n{await errors}");
        return output;
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
