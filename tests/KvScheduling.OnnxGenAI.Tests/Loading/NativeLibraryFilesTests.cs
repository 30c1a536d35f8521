namespace KvScheduling.OnnxGenAI.Tests;

public sealed class NativeLibraryFilesTests
{
    private readonly string _folder = TestFolders.NewFolder();

    [Fact]
    public void Locate_FolderGiven_TakesItBeforeEverythingElse()
    {
        string option = WithFiles("option");
        string environment = WithFiles("environment");
        Assert.StartsWith(option, NativeLibraryFiles.Locate(option, environment, _folder, null).GenAI, StringComparison.Ordinal);
        Assert.StartsWith(environment, NativeLibraryFiles.Locate(null, environment, _folder, null).GenAI, StringComparison.Ordinal);
    }

    [Fact]
    public void Locate_FolderOfThePlatformInside_IsFound()
    {
        string inside = WithFiles(Path.Combine("option", "linux-x64"));
        string found = NativeLibraryFiles.Locate(Path.Combine(_folder, "option"), null, _folder, null).OnnxRuntime;
        Assert.Equal(Path.Combine(inside, "libonnxruntime.so.1"), found);
    }

    [Fact]
    public void Locate_NothingNamed_LooksIntoRuntimesThenBaseThenThePackageFolders()
    {
        string packages = WithFiles("packages");
        Assert.StartsWith(packages, Default(packages), StringComparison.Ordinal);
        string application = WithFiles("app");
        Assert.StartsWith(application, Default(packages), StringComparison.Ordinal);
        string runtimes = WithFiles(Path.Combine("app", "runtimes", "linux-x64", "native"));
        Assert.StartsWith(runtimes, Default(packages), StringComparison.Ordinal);
    }

    [Fact]
    public void Locate_EachFileInItsOwnPackageFolder_FindsBoth()
    {
        string one = Directory.CreateDirectory(Path.Combine(_folder, "one")).FullName;
        string other = Directory.CreateDirectory(Path.Combine(_folder, "other")).FullName;
        File.WriteAllText(Path.Combine(one, "libonnxruntime-genai.so"), string.Empty);
        File.WriteAllText(Path.Combine(other, "libonnxruntime.so"), string.Empty);
        NativeLibraryFiles found = NativeLibraryFiles.Locate(null, null, Path.Combine(_folder, "app"), one + Path.PathSeparator + other);
        Assert.Equal((Path.Combine(other, "libonnxruntime.so"), Path.Combine(one, "libonnxruntime-genai.so")), (found.OnnxRuntime, found.GenAI));
    }

    [Fact]
    public void Locate_FolderGivenWithoutFiles_DoesNotFallBackAndNamesWhatIsMissing()
    {
        WithFiles("app");
        string half = Path.Combine(_folder, "half");
        Directory.CreateDirectory(half);
        File.WriteAllText(Path.Combine(half, "libonnxruntime.so.1"), string.Empty);
        OnnxGenAIException error = Assert.Throws<OnnxGenAIException>(() => NativeLibraryFiles.Locate(half, null, Path.Combine(_folder, "app"), null));
        Assert.Contains($"{half} (libonnxruntime-genai.so is missing)", error.Message, StringComparison.Ordinal);
        Assert.Contains("NativeFolder", error.Message, StringComparison.Ordinal);
        Assert.Contains("Microsoft.ML.OnnxRuntimeGenAI", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Locate_Nowhere_ListsEveryPlace()
    {
        OnnxGenAIException error = Assert.Throws<OnnxGenAIException>(() => Default(Path.Combine(_folder, "none")));
        Assert.Contains(Path.Combine("app", "runtimes", "linux-x64", "native"), error.Message, StringComparison.Ordinal);
        Assert.Contains(Path.Combine(_folder, "none") + " (no such folder)", error.Message, StringComparison.Ordinal);
        Assert.Contains("KV_SCHEDULING_NATIVE", error.Message, StringComparison.Ordinal);
    }

    private string Default(string packages) => NativeLibraryFiles.Locate(null, null, Path.Combine(_folder, "app"), packages).GenAI;

    private string WithFiles(string name)
    {
        string folder = Path.Combine(_folder, name);
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "libonnxruntime.so.1"), string.Empty);
        File.WriteAllText(Path.Combine(folder, "libonnxruntime-genai.so"), string.Empty);
        return folder;
    }
}
