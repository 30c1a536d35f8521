using System.Runtime.InteropServices;

namespace KvScheduling.OnnxGenAI;

/// <summary>The two native files, by full path.</summary>
/// <param name="OnnxRuntime">ONNX Runtime.</param>
/// <param name="GenAI">ONNX Runtime GenAI.</param>
internal sealed record NativeLibraryFiles(string OnnxRuntime, string GenAI)
{
    /// <summary>Names the folder when <see cref="OnnxGenAIEngineOptions.NativeFolder"/> does not.</summary>
    public const string FolderVariable = "KV_SCHEDULING_NATIVE";

    private const string HowToInstall =
        "Install the package Microsoft.ML.OnnxRuntimeGenAI (CPU) or Microsoft.ML.OnnxRuntimeGenAI.Cuda, version 0.18.0 or later, in the application, "
        + "or put the libraries of that release into a folder and name it by OnnxGenAIEngineOptions.NativeFolder or the environment variable " + FolderVariable + ".";

    /// <summary>Finds the files: in the folder given, else in the one the environment names, else where the application keeps its native files.</summary>
    /// <exception cref="OnnxGenAIException">They are in none of the places, which the message lists.</exception>
    public static NativeLibraryFiles Locate(string? nativeFolder) =>
        Locate(nativeFolder, Environment.GetEnvironmentVariable(FolderVariable), AppContext.BaseDirectory, AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") as string);

    internal static NativeLibraryFiles Locate(string? nativeFolder, string? environmentFolder, string baseDirectory, string? searchDirectories)
    {
        List<string> folders = [];
        string source;
        bool isApplication = false;
        if (!string.IsNullOrWhiteSpace(nativeFolder))
        {
            source = "named by OnnxGenAIEngineOptions.NativeFolder";
            AddFolder(folders, nativeFolder);
        }
        else if (!string.IsNullOrWhiteSpace(environmentFolder))
        {
            source = "named by the environment variable " + FolderVariable;
            AddFolder(folders, environmentFolder);
        }
        else
        {
            source = "where the application keeps native files";
            isApplication = true;
            folders.Add(Path.Combine(baseDirectory, "runtimes", Rid, "native"));
            folders.Add(baseDirectory);

            // A framework-dependent application that was not published runs its packages' native files from the package cache; the host lists those folders here.
            foreach (string folder in (searchDirectories ?? string.Empty).Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries))
            {
                folders.Add(folder);
            }
        }

        foreach (string folder in folders)
        {
            if (FirstFile(folder, OnnxRuntimeNames) is { } onnxRuntime && FirstFile(folder, [GenAIName]) is { } genAI)
            {
                return new NativeLibraryFiles(onnxRuntime, genAI);
            }
        }

        // Each of the two comes with a package of its own, so in the package cache they lie apart. In a folder that was named, one file without the other is a mistake.
        if (isApplication && FirstFile(folders, OnnxRuntimeNames) is { } onnxRuntimeAlone && FirstFile(folders, [GenAIName]) is { } genAIAlone)
        {
            return new NativeLibraryFiles(onnxRuntimeAlone, genAIAlone);
        }

        throw NotFound(folders, source);
    }

    private static string Rid { get; } = RidOf();

    private static string GenAIName { get; } =
        OperatingSystem.IsWindows() ? "onnxruntime-genai.dll" : OperatingSystem.IsMacOS() ? "libonnxruntime-genai.dylib" : "libonnxruntime-genai.so";

    private static string[] OnnxRuntimeNames { get; } =
        OperatingSystem.IsWindows() ? ["onnxruntime.dll"] : OperatingSystem.IsMacOS() ? ["libonnxruntime.dylib"] : ["libonnxruntime.so.1", "libonnxruntime.so"];

    private static string RidOf()
    {
        string system = OperatingSystem.IsWindows() ? "win" : OperatingSystem.IsMacOS() ? "osx" : "linux";
        string architecture = RuntimeInformation.ProcessArchitecture switch
        {
            Architecture.X64 => "x64",
            Architecture.Arm64 => "arm64",
            Architecture other => other.ToString(),
        };
        return system + "-" + architecture;
    }

    private static void AddFolder(List<string> folders, string folder)
    {
        string full = Path.GetFullPath(folder);
        folders.Add(full);
        folders.Add(Path.Combine(full, Rid));
        folders.Add(Path.Combine(full, "runtimes", Rid, "native"));
    }

    private static string? FirstFile(List<string> folders, string[] names)
    {
        foreach (string folder in folders)
        {
            if (FirstFile(folder, names) is { } path)
            {
                return path;
            }
        }

        return null;
    }

    private static string? FirstFile(string folder, string[] names)
    {
        foreach (string name in names)
        {
            string path = Path.Combine(folder, name);
            if (File.Exists(path))
            {
                return Path.GetFullPath(path);
            }
        }

        return null;
    }

    private static OnnxGenAIException NotFound(List<string> folders, string source)
    {
        List<string> looked = [];
        foreach (string folder in folders)
        {
            string state = !Directory.Exists(folder) ? "no such folder"
                : FirstFile(folder, OnnxRuntimeNames) is not null ? $"{GenAIName} is missing"
                : FirstFile(folder, [GenAIName]) is not null ? $"{OnnxRuntimeNames[0]} is missing"
                : "neither file";
            looked.Add($"{folder} ({state})");
        }

        return new OnnxGenAIException(
            $"The native libraries {OnnxRuntimeNames[0]} and {GenAIName} for {Rid} were not found {source}. Looked in: {string.Join("; ", looked)}. {HowToInstall}");
    }
}
