using System.Runtime.CompilerServices;

namespace KvScheduling.OnnxGenAI.Tests;

/// <summary>Where models and native libraries are found.</summary>
internal static class TestFolders
{
    /// <summary>The repository's root.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The folder with the native libraries, or null: the one the environment names, else the tests' own when the package feed brought them, else the one beside the repository.</summary>
    public static string? Native { get; } = FindNative();

    /// <summary>Models that are too big for the repository, beside it; null when they are not there.</summary>
    public static string? SharedModels { get; } = Existing(Path.Combine(Root, "..", "shared", "models"));

    public static string TinyChat => Path.Combine(Root, "models", "tiny-chat");

    /// <summary>A complete folder of tiny-chat in one of its ONNX forms: "flat" or "paged".</summary>
    public static string TinyChatOnnx(string form) => Complete.Value[form];

    /// <summary>A complete folder of SmolLM2 in one of its forms; only where the shared models are there.</summary>
    public static string SmolLM2(string form)
    {
        string source = Path.Combine(SharedModels!, "smollm2-135m");
        string folder = CopyOf(Path.Combine(source, form));
        string weights = Path.Combine(folder, "model.onnx.data");
        if (!File.Exists(weights))
        {
            File.Copy(Path.Combine(source, "paged", "model.onnx.data"), weights);
        }

        return folder;
    }

    /// <summary>A new folder that goes away when the tests end.</summary>
    public static string NewFolder()
    {
        string folder = Directory.CreateTempSubdirectory("kvsched-onnx-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => TryDelete(folder);
        return folder;
    }

    /// <summary>A copy of a model folder that a test may spoil.</summary>
    public static string CopyOf(string folder)
    {
        string copy = NewFolder();
        foreach (string file in Directory.EnumerateFiles(folder))
        {
            File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
        }

        return copy;
    }

    private static readonly Lazy<Dictionary<string, string>> Complete = new(static () => new Dictionary<string, string>
    {
        ["flat"] = Assemble("flat"),
        ["paged"] = Assemble("paged"),
    });

    private static string Assemble(string form)
    {
        string target = Path.Combine(AppContext.BaseDirectory, "models", "tiny-chat-" + form);
        Directory.CreateDirectory(target);
        foreach (string file in Directory.EnumerateFiles(Path.Combine(Root, "tests", "models", "tiny-chat-onnx", form)))
        {
            CopyWhenOther(file, target);
        }

        CopyWhenOther(Path.Combine(TinyChat, "tokenizer.json"), target);
        CopyWhenOther(Path.Combine(TinyChat, "tokenizer_config.json"), target);
        return target;
    }

    /// <summary>An exception at the end of the process would end it as a crash, after all tests have passed.</summary>
    private static void TryDelete(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (IOException)
        {
        }
        catch (UnauthorizedAccessException)
        {
        }
    }

    private static void CopyWhenOther(string file, string folder)
    {
        string target = Path.Combine(folder, Path.GetFileName(file));
        if (!File.Exists(target) || new FileInfo(target).Length != new FileInfo(file).Length)
        {
            File.Copy(file, target, overwrite: true);
        }
    }

    private static string FindRoot([CallerFilePath] string source = "")
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "KvScheduling.sln")))
            {
                return folder.FullName;
            }
        }

        return Path.GetFullPath(Path.Combine(Path.GetDirectoryName(source)!, "..", "..", ".."));
    }

    private static string? FindNative()
    {
        string? named = Environment.GetEnvironmentVariable("KV_SCHEDULING_NATIVE");
        if (!string.IsNullOrEmpty(named))
        {
            return named;
        }

        return Existing(Path.Combine(AppContext.BaseDirectory, "runtimes")) is not null ? AppContext.BaseDirectory : Existing(Path.Combine(Root, "..", "shared", "native"));
    }

    private static string? Existing(string folder) => Directory.Exists(folder) ? Path.GetFullPath(folder) : null;
}
