using System.IO.Compression;
using System.Xml.Linq;

namespace KvScheduling.Packages.Tests;

[Collection(nameof(Packages))]
public sealed class PackagesTests(Packages packages)
{
    private static readonly Dictionary<string, string[]> Dependencies = new()
    {
        ["KvScheduling"] =
        [
            "Microsoft.Extensions.AI.Abstractions",
            "Microsoft.Extensions.Diagnostics.HealthChecks",
            "Microsoft.Extensions.Hosting.Abstractions",
            "Microsoft.Extensions.Logging.Abstractions",
            "Microsoft.Extensions.Options.ConfigurationExtensions",
        ],
        ["KvScheduling.AspNetCore"] = ["KvScheduling"],
        ["KvScheduling.ManagedEngine"] = ["KvScheduling"],
        ["KvScheduling.OnnxGenAI"] = ["KvScheduling", "Microsoft.ML.OnnxRuntimeGenAI.Cuda"],
        ["KvScheduling.SemanticKernel"] = ["KvScheduling", "Microsoft.SemanticKernel.Abstractions"],
        ["KvScheduling.Simulation"] = ["CsvHelper", "KvScheduling"],
    };

    private const string Tool = "KvScheduling.Tool";

    [PackagesFact]
    public void Pack_Packages_AreTheOnesThatArePromised()
    {
        string[] expected = [.. Dependencies.Keys.Where(IsPacked).Order(StringComparer.Ordinal)];

        Assert.Equal([.. expected, Tool], Ids("*.nupkg"));
        Assert.Equal(expected, Ids("*.snupkg"));
    }

    [PackagesFact]
    public void Pack_EachPackage_HasReadmeLicenceDocumentationAndItsDependencies()
    {
        foreach (string id in Dependencies.Keys.Where(IsPacked))
        {
            using ZipArchive package = ZipFile.OpenRead(Path.Combine(packages.Folder, $"{id}.{Packages.Version}.nupkg"));
            string[] files = [.. package.Entries.Select(static entry => entry.FullName)];
            Assert.Contains("README.md", files);
            Assert.Contains($"lib/net10.0/{id}.dll", files);
            Assert.Contains($"lib/net10.0/{id}.xml", files);

            using Stream stream = package.GetEntry($"{id}.nuspec")!.Open();
            XElement metadata = XDocument.Load(stream).Root!.Elements().Single();
            XNamespace name = metadata.Name.Namespace;
            Assert.Equal("MIT", metadata.Element(name + "license")!.Value);
            Assert.Equal("README.md", metadata.Element(name + "readme")!.Value);
            Assert.NotEmpty(metadata.Element(name + "description")!.Value);
            string[] dependencies = [.. metadata.Descendants(name + "dependency").Select(static dependency => dependency.Attribute("id")!.Value)
                .Order(StringComparer.Ordinal)];
            Assert.True(Dependencies[id].SequenceEqual(dependencies), $"{id} depends on {string.Join(", ", dependencies)}.");
        }
    }

    [PackagesFact]
    public async Task Install_IntoANewApplication_RunsIt()
    {
        string folder = packages.CreateFolder("application");
        foreach (string file in Directory.GetFiles(Path.Combine(Packages.Root, "tests", "KvScheduling.Packages.Tests", "Consumer")))
        {
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        }

        // Ours are unpacked into a folder of their own, never into the machine's cache; what they depend on may come from it.
        string sources = string.Join("%3B", new[] { packages.Folder, Environment.GetEnvironmentVariable("RestoreAdditionalProjectSources") }.OfType<string>());
        string output = await Packages.RunAsync(
            folder,
            "run",
            $"-p:KvSchedulingVersion={Packages.Version}",
            $"-p:HasSemanticKernel={(Packages.HasSemanticKernel ? "true" : "false")}",
            $"-p:RestoreAdditionalProjectSources={sources}",
            $"-p:RestorePackagesPath={Path.Combine(folder, "unpacked")}",
            $"-p:RestoreFallbackFolders={Packages.Cache}",
            "--",
            Path.Combine(Packages.Root, "models", "tiny-chat"));

        string[] expected = Packages.HasSemanticKernel ? ["15 + 62 = 77.", "The capital of Greece is Athens.", "WebApplication"]
            : ["15 + 62 = 77.", "WebApplication"];
        Assert.Equal(expected, output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
    }

    [PackagesFact]
    public async Task Install_Tool_RunsIt()
    {
        string folder = packages.CreateFolder("tool");
        string file = Path.Combine(folder, "backlog.csv");
        await File.WriteAllTextAsync(file, "prompt_tokens,output_tokens\n1,4\n4,2\n4,2\n");
        await Packages.RunAsync(folder, "tool", "install", Tool, "--tool-path", folder, "--version", Packages.Version, "--source", packages.Folder, "--no-http-cache");
        string store = Path.Combine(folder, ".store");
        string dll = Directory.GetFiles(store, $"{Tool}.dll", SearchOption.AllDirectories).Single();

        string output = await Packages.RunAsync(folder, dll, "backlog", "--requests", file, "--kv-tokens", "10", "--policies", "sorted-f,optimal", "--format", "csv");

        Assert.Contains("optimal,11,", output, StringComparison.Ordinal);
        Assert.Contains(Directory.GetFiles(folder), static path => Path.GetFileNameWithoutExtension(path) == "kvsched");
    }

    private static bool IsPacked(string id) => id switch
    {
        "KvScheduling.SemanticKernel" => Packages.HasSemanticKernel,
        "KvScheduling.OnnxGenAI" => Packages.HasOnnxRuntimeGenAI,
        _ => true,
    };

    private string[] Ids(string pattern) =>
        [.. Directory.GetFiles(packages.Folder, pattern).Select(IdOf).Order(StringComparer.Ordinal)];

    private static string IdOf(string file) => Path.GetFileNameWithoutExtension(file).Replace("." + Packages.Version, string.Empty, StringComparison.Ordinal);
}
