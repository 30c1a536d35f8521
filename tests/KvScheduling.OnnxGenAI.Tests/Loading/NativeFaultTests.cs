using System.Globalization;
using System.Runtime.InteropServices;
using Xunit.Abstractions;

namespace KvScheduling.OnnxGenAI.Tests;

/// <summary>What native files and handles can do to a process ends as an exception of ours, never as a signal. Each case runs in a process of its own.</summary>
public sealed class NativeFaultTests(ITestOutputHelper output)
{
    private const int Refused = 3;
    private static readonly string OnnxRuntime = "libonnxruntime.so.1";
    private static readonly string GenAI = "libonnxruntime-genai.so";

    private static NativeLibraryFiles Real => NativeLibraryFiles.Locate(TestFolders.Native);

    private static string Model => TestFolders.TinyChatOnnx("paged");

    [NativeTheory]
    [InlineData("paged")]
    [InlineData("flat")]
    public async Task Load_GoodFiles_Answers(string form) =>
        AssertWell(await ChildProcess.RunAsync("load", TestFolders.Native!, TestFolders.TinyChatOnnx(form)), "answer: 15 + 62 = 77.");

    [NativeFact]
    public async Task Load_FolderFromTheEnvironment_Answers() =>
        AssertWell(await ChildProcess.RunAsync("load", string.Empty, Model, new Dictionary<string, string?> { ["KV_SCHEDULING_NATIVE"] = TestFolders.Native }), "answer: 15 + 62 = 77.");

    [NativeFact]
    public async Task Load_NoFilesAnywhere_SaysWhereItLookedAndTheWayOut()
    {
        ChildResult result = await ChildProcess.RunAsync("load", string.Empty, Model);
        AssertRefused(result, "were not found where the application keeps native files");
        Assert.Contains("Microsoft.ML.OnnxRuntimeGenAI", result.Output, StringComparison.Ordinal);
    }

    [NativeFact]
    public async Task Load_TruncatedOnnxRuntime_IsRefused() => AssertRefused(await LoadAsync(Cut(Real.OnnxRuntime), LinkTo(Real.GenAI)), "libonnxruntime.so.1 can't be used: it is truncated");

    [NativeFact]
    public async Task Load_TruncatedGenAI_IsRefused() => AssertRefused(await LoadAsync(LinkTo(Real.OnnxRuntime), Cut(Real.GenAI)), "libonnxruntime-genai.so can't be used: it is truncated");

    [NativeFact]
    public async Task Load_TextInPlaceOfALibrary_IsRefused() =>
        AssertRefused(await LoadAsync(static path => File.WriteAllText(path, "version https://git-lfs.github.com/spec/v1"), LinkTo(Real.GenAI)), "not a 64-bit little-endian ELF library");

    [NativeFact]
    public async Task Load_EmptyFile_IsRefused() => AssertRefused(await LoadAsync(LinkTo(Real.OnnxRuntime), static path => File.WriteAllBytes(path, [])), "not a 64-bit little-endian ELF library");

    [NativeFact]
    public async Task Load_ForeignLibraryAsOnnxRuntime_IsRefused() => AssertRefused(await LoadAsync(LinkTo(Real.GenAI), LinkTo(Real.GenAI)), "it is not ONNX Runtime: it has no OrtGetApiBase");

    [NativeFact]
    public async Task Load_ForeignLibraryAsGenAI_IsRefused() => AssertRefused(await LoadAsync(LinkTo(Real.OnnxRuntime), LinkTo(Real.OnnxRuntime)), "it is not ONNX Runtime GenAI");

    [NativeFact]
    public async Task Load_StepApi_IsRefused() =>
        AssertRefused(await LoadAsync(LinkTo(Real.OnnxRuntime), Fake("OgaCreateModelFromConfig", "OgaEngineStep")), "Step API of 0.15 and earlier. ONNX Runtime GenAI 0.18.0 or later");

    [NativeFact]
    public async Task Load_OtherProcessor_IsRefused() =>
        AssertRefused(await LoadAsync(LinkTo(Real.OnnxRuntime), static path => File.WriteAllBytes(path, FakeLibrary.Elf(["OgaEngineRun"], machine: 183))), "built for another processor");

    [NativeFact]
    public async Task Load_OnlyOneFile_NamesTheOther() => AssertRefused(await LoadAsync(LinkTo(Real.OnnxRuntime), static _ => { }), "libonnxruntime-genai.so is missing");

    [NativeFact]
    public async Task Load_LibraryThatTheLoaderRefuses_IsAnExceptionWithTheReason() =>
        AssertRefused(await LoadAsync(Fake("OrtGetApiBase"), LinkTo(Real.GenAI)), "could not be loaded");

    [NativeTheory]
    [InlineData("1.20.1", "is ONNX Runtime 1.20.1; 1.30 or later is required")]
    [InlineData("1.29.9", "is ONNX Runtime 1.29.9; 1.30 or later is required")]
    [InlineData("new", "is ONNX Runtime new; 1.30 or later is required")]
    public async Task Load_OldOnnxRuntime_IsRefusedByItsVersion(string version, string expected)
    {
        // The library is machine code for this processor.
        if (RuntimeInformation.ProcessArchitecture == Architecture.X64)
        {
            AssertRefused(await LoadAsync(path => File.WriteAllBytes(path, FakeOnnxRuntime.Create(version)), LinkTo(Real.GenAI)), expected);
        }
    }

    [NativeFact]
    public async Task Load_ForeignOldOnnxRuntimeInTheProcess_UsesOurs()
    {
        string foreign = Path.Combine(TestFolders.NewFolder(), OnnxRuntime);
        File.WriteAllBytes(foreign, FakeOnnxRuntime.Create("1.20.1"));
        if (RuntimeInformation.ProcessArchitecture == Architecture.X64)
        {
            AssertWell(await ChildProcess.RunAsync("foreign", TestFolders.Native!, Model, null, foreign), "answer: 15 + 62 = 77.");
        }
    }

    [NativeFact]
    public async Task Load_AgainAfterAllWasDisposed_Answers() => AssertWell(await ChildProcess.RunAsync("again", TestFolders.Native!, Model), "answer: 15 + 62 = 77.\nanswer: 15 + 62 = 77.");

    /// <summary>
    /// Warm after the first half; what a request leaked would show in every tenth of the other. The allocators and the collector take some MiB at a time now and then, and give some back, so that
    /// the middle one of the five counts. The bound on resident memory is wider than that on the heap.
    /// </summary>
    [NativeFact]
    public async Task Serve_TenThousandRequests_LeavesMemoryFlat()
    {
        ChildResult result = await ChildProcess.RunAsync("soak", TestFolders.Native!, Model, null, "10000");
        AssertWell(result, "10000 requests");
        output.WriteLine(result.Output);
        int[][] grown =
        [
            .. result.Output.Split('\n').Where(static line => line.StartsWith("grown:", StringComparison.Ordinal))
                .Select(static line => line.Split(' ')[1..].Select(static bytes => int.Parse(bytes, CultureInfo.InvariantCulture)).ToArray()),
        ];
        Assert.Equal(5, grown.Length);
        Assert.InRange(Middle(0), int.MinValue, (8 << 20) / 5);
        Assert.InRange(Middle(1), int.MinValue, (256 << 10) / 5);

        int Middle(int column) => grown.Select(part => part[column]).Order().ElementAt(grown.Length / 2);
    }

    [NativeFact]
    public async Task Load_ForeignOnnxRuntimeInTheProcess_UsesOurs()
    {
        string foreign = Path.Combine(TestFolders.NewFolder(), OnnxRuntime);
        File.Copy(Real.OnnxRuntime, foreign);
        AssertWell(await ChildProcess.RunAsync("foreign", TestFolders.Native!, Model, null, foreign), "answer: 15 + 62 = 77.");
    }

    [NativeFact]
    public async Task Load_SecondFolder_IsRefusedByName()
    {
        string other = Folder(LinkTo(Real.OnnxRuntime), LinkTo(Real.GenAI));
        AssertRefused(await ChildProcess.RunAsync("two-folders", TestFolders.Native!, Model, null, other), "this process has loaded");
    }

    [NativeFact]
    public async Task Load_Telemetry_IsOffNativelyAndLeavesNoFiles()
    {
        string home = TestFolders.NewFolder();
        ChildResult result = await ChildProcess.RunAsync("telemetry", TestFolders.Native!, Model, new Dictionary<string, string?> { ["HOME"] = home, ["XDG_CACHE_HOME"] = null });
        AssertWell(result, "native switch: 1");
        Assert.DoesNotContain(Directory.EnumerateFiles(home, "*", SearchOption.AllDirectories), static file => file.Contains("onnxruntime", StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>At the first times the libraries, the model or the engine are being loaded, at the last one steps run.</summary>
    [NativeTheory]
    [InlineData(20)]
    [InlineData(100)]
    [InlineData(250)]
    [InlineData(1500)]
    public async Task Exit_WhileLoadingOrStepping_IsCleanAndReportsNoFailure(int afterMilliseconds)
    {
        ChildResult result = await ChildProcess.RunAsync("exit", TestFolders.Native!, Model, null, afterMilliseconds.ToString(CultureInfo.InvariantCulture));
        AssertWell(result, "done");
        Assert.DoesNotContain("bogus", result.Output, StringComparison.Ordinal);
    }

    [NativeTheory]
    [InlineData("paged")]
    [InlineData("flat")]
    public async Task Dispose_DuringAStepOnAnotherThread_IsSafe(string form) =>
        AssertWell(await ChildProcess.RunAsync("dispose", TestFolders.Native!, TestFolders.TinyChatOnnx(form)), "the step found the engine disposed");

    [NativeTheory]
    [InlineData("paged")]
    [InlineData("flat")]
    public async Task Dispose_InAnyOrderAndTwice_IsSafe(string form) =>
        AssertWell(await ChildProcess.RunAsync("order", TestFolders.Native!, TestFolders.TinyChatOnnx(form)), "used after disposal");

    [NativeTheory]
    [InlineData("paged")]
    [InlineData("flat")]
    public async Task Abandon_RunningEnginesUnderCollections_IsSafe(string form) =>
        AssertWell(await ChildProcess.RunAsync("abandon", TestFolders.Native!, TestFolders.TinyChatOnnx(form)), "answer: 15 + 62 = 77.");

    private static Task<ChildResult> LoadAsync(Action<string> writeOnnxRuntime, Action<string> writeGenAI) => ChildProcess.RunAsync("load", Folder(writeOnnxRuntime, writeGenAI), Model);

    private static string Folder(Action<string> writeOnnxRuntime, Action<string> writeGenAI)
    {
        string folder = TestFolders.NewFolder();
        writeOnnxRuntime(Path.Combine(folder, OnnxRuntime));
        writeGenAI(Path.Combine(folder, GenAI));
        return folder;
    }

    private static Action<string> LinkTo(string file) => path => File.CreateSymbolicLink(path, file);

    private static Action<string> Fake(params string[] exports) => path => File.WriteAllBytes(path, FakeLibrary.Elf(exports));

    private static Action<string> Cut(string file) => path =>
    {
        using FileStream source = File.OpenRead(file);
        using FileStream target = File.Create(path);
        byte[] part = new byte[source.Length / 2];
        source.ReadExactly(part);
        target.Write(part);
    };

    private static void AssertWell(ChildResult result, string expected)
    {
        Assert.True(result.ExitCode == 0, $"exit code {result.ExitCode}\n{result.Output}\n{result.Error}");
        Assert.Contains(expected, result.Output, StringComparison.Ordinal);
    }

    private static void AssertRefused(ChildResult result, string expected)
    {
        Assert.True(result.ExitCode == Refused, $"exit code {result.ExitCode}\n{result.Output}\n{result.Error}");
        Assert.Contains(expected, result.Output, StringComparison.Ordinal);
    }
}
