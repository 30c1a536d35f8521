using System.IO.Compression;
using System.Xml.Linq;

namespace KvScheduling.Packages.Tests;

/// <summary>The ONNX engine's native files come from a package wherever the feed has it; where it does not, the project builds and is not packed.</summary>
[Collection(nameof(Packages))]
public sealed class NativePackageTests(Packages packages)
{
    private const string Project = "KvScheduling.OnnxGenAI";

    /// <summary>The libraries must come from the package.</summary>
    private static readonly Dictionary<string, string> WithoutNativeFolder = new() { ["KV_SCHEDULING_NATIVE"] = string.Empty };

    private static string Model { get; } = Path.Combine(Packages.Root, "tests", "models", "tiny-chat-onnx", "paged");

    [PackagesFact]
    public async Task Pack_FeedHasTheNativePackage_DependsOnItAndAnApplicationFindsItsFiles()
    {
        string? natives = Natives();
        string feed = packages.CreateFolder("feed");
        FolderFeed.Write(feed, GenAIVersion(), natives);
        string clone = Clone();

        // Only the folder feed is asked, so that the answer does not depend on this machine's; what else is needed is in its cache.
        Dictionary<string, string> environment = new()
        {
            ["RestoreSources"] = feed,
            ["RestoreFallbackFolders"] = Packages.Cache,
            ["NUGET_PACKAGES"] = Path.Combine(clone, "unpacked"),
        };
        string project = Path.Combine(clone, "src", Project, Project + ".csproj");
        string packed = packages.CreateFolder("packed");
        (int exitCode, string output) = await Packages.TryRunAsync(clone, environment, "restore", project, "-nologo");
        Assert.True(exitCode == 0, output);
        Assert.Contains($"{FolderFeed.OnnxRuntimeGenAI}: from the feed.", output, StringComparison.Ordinal);
        (exitCode, output) = await Packages.TryRunAsync(clone, environment, "pack", project, "-nologo", "--no-build", "-c", Packages.Configuration, "-o", packed);
        Assert.True(exitCode == 0, output);
        using (ZipArchive package = ZipFile.OpenRead(Path.Combine(packed, $"{Project}.{Packages.Version}.nupkg")))
        {
            XElement dependency = XDocument.Load(package.GetEntry(Project + ".nuspec")!.Open()).Descendants()
                .Single(static element => element.Name.LocalName == "dependency" && element.Attribute("id")!.Value == FolderFeed.OnnxRuntimeGenAI);
            Assert.Equal(GenAIVersion(), dependency.Attribute("version")!.Value);

            // The native files and nothing else of it.
            Assert.Contains("Compile", dependency.Attribute("exclude")!.Value, StringComparison.Ordinal);
            Assert.DoesNotContain("Native", dependency.Attribute("exclude")!.Value, StringComparison.Ordinal);
        }

        string expected = natives is null ? "not a 64-bit little-endian ELF library" : "15 + 62 = 77.";
        string application = CreateApplication();
        string[] restore =
        [
            $"-p:KvSchedulingVersion={Packages.Version}",
            $"-p:RestoreSources={packages.Folder}%3B{packed}%3B{feed}",
            $"-p:RestorePackagesPath={Path.Combine(application, "unpacked")}",
            $"-p:RestoreFallbackFolders={Packages.Cache}",
        ];
        (exitCode, output) = await Packages.TryRunAsync(application, WithoutNativeFolder, ["run", .. restore, "--", Path.Combine(application, "model")]);
        Assert.True(exitCode == 0, output);
        Assert.Contains(expected, output, StringComparison.Ordinal);

        // In a single file there is no assembly whose folder could be asked; the libraries lie beside it.
        string published = packages.CreateFolder("published");
        string[] single = ["publish", "-r", "linux-x64", "--self-contained", "false", "-p:PublishSingleFile=true", "-o", published, .. restore];
        (exitCode, output) = await Packages.TryRunAsync(application, WithoutNativeFolder, single);
        Assert.True(exitCode == 0, output);
        Assert.DoesNotContain(Directory.GetFiles(published), static file => file.EndsWith(".dll", StringComparison.Ordinal));
        (exitCode, output) = await Packages.TryStartAsync(Path.Combine(published, "OnnxConsumer"), packages.CreateFolder("elsewhere"), WithoutNativeFolder, Path.Combine(application, "model"));
        Assert.True(exitCode == 0, output);
        Assert.Contains(expected, output, StringComparison.Ordinal);
    }

    [WithoutNativePackageFact]
    public async Task Pack_FeedLacksTheNativePackage_IsRefusedWithTheWayOut()
    {
        string project = Path.Combine(Packages.Root, "src", Project, Project + ".csproj");
        string target = packages.CreateFolder("refused");
        (int exitCode, string output) = await Packages.TryRunAsync(
            Packages.Root, new Dictionary<string, string>(), "pack", project, "-nologo", "--no-build", "-c", Packages.Configuration, "-o", target);

        Assert.NotEqual(0, exitCode);
        Assert.Contains($"{Project} was built without {FolderFeed.OnnxRuntimeGenAI} and is not packed like that.", output, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(target));
    }

    /// <summary>What packing the project needs of the repository, what is built included, in a folder of its own, so that its feed is asked anew.</summary>
    private string Clone()
    {
        string clone = packages.CreateFolder("clone");
        foreach (string file in Directory.GetFiles(Packages.Root, "Directory.*").Append(Path.Combine(Packages.Root, "README.md")))
        {
            File.Copy(file, Path.Combine(clone, Path.GetFileName(file)));
        }

        File.Copy(Path.Combine(Packages.Root, "src", "Directory.Build.props"), Path.Combine(Directory.CreateDirectory(Path.Combine(clone, "src")).FullName, "Directory.Build.props"));
        Copy("eng", clone);
        foreach (string project in (string[])["KvScheduling", Project])
        {
            Copy(Path.Combine("src", project), clone);
            Copy(Path.Combine("artifacts", "bin", project, Packages.Configuration.ToLowerInvariant()), clone);
        }

        return clone;
    }

    private static void Copy(string folder, string clone)
    {
        foreach (string file in Directory.EnumerateFiles(Path.Combine(Packages.Root, folder), "*", SearchOption.AllDirectories))
        {
            string target = Path.Combine(clone, Path.GetRelativePath(Packages.Root, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }

    private string CreateApplication()
    {
        string folder = packages.CreateFolder("onnx-application");
        foreach (string file in Directory.GetFiles(Path.Combine(Packages.Root, "tests", "KvScheduling.Packages.Tests", "OnnxConsumer")))
        {
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        }

        string model = Directory.CreateDirectory(Path.Combine(folder, "model")).FullName;
        foreach (string file in Directory.GetFiles(Model).Concat(Directory.GetFiles(Path.Combine(Packages.Root, "models", "tiny-chat"), "tokenizer*")))
        {
            File.Copy(file, Path.Combine(model, Path.GetFileName(file)));
        }

        return folder;
    }

    private static string GenAIVersion() =>
        XDocument.Load(Path.Combine(Packages.Root, "Directory.Packages.props")).Descendants("PackageVersion")
            .Single(static version => version.Attribute("Include")!.Value == FolderFeed.OnnxRuntimeGenAI).Attribute("Version")!.Value;

    private static string? Natives()
    {
        string? named = Environment.GetEnvironmentVariable("KV_SCHEDULING_NATIVE");
        string folder = string.IsNullOrEmpty(named) ? Path.Combine(Packages.Root, "..", "shared", "native", "linux-x64") : named;
        return File.Exists(Path.Combine(folder, "libonnxruntime-genai.so")) ? folder : null;
    }
}

/// <summary>A fact about feeds without the native package.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class WithoutNativePackageFactAttribute : FactAttribute
{
    public WithoutNativePackageFactAttribute()
    {
        if (Packages.HasOnnxRuntimeGenAI)
        {
            Skip = "The feed has the native package.";
        }
    }
}
