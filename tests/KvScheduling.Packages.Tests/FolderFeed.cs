using System.IO.Compression;

namespace KvScheduling.Packages.Tests;

/// <summary>A folder of packages laid out like those of ONNX Runtime GenAI: one brings GenAI, the one it depends on brings ONNX Runtime.</summary>
internal static class FolderFeed
{
    public const string OnnxRuntimeGenAI = "Microsoft.ML.OnnxRuntimeGenAI.Cuda";

    private const string OnnxRuntime = "Microsoft.ML.OnnxRuntime.Gpu";
    private const string OnnxRuntimeVersion = "1.31.1";

    /// <summary>Writes the packages.</summary>
    /// <param name="folder">The feed.</param>
    /// <param name="version">The version of GenAI.</param>
    /// <param name="natives">The folder with the real libraries, or null: then the packages carry text in their place.</param>
    public static void Write(string folder, string version, string? natives)
    {
        Write(folder, OnnxRuntime, OnnxRuntimeVersion, null, "libonnxruntime.so", natives is null ? null : Path.Combine(natives, "libonnxruntime.so.1"));
        string dependency = $"""<dependency id="{OnnxRuntime}" version="{OnnxRuntimeVersion}" />""";
        Write(folder, OnnxRuntimeGenAI, version, dependency, "libonnxruntime-genai.so", natives is null ? null : Path.Combine(natives, "libonnxruntime-genai.so"));
    }

    private static void Write(string folder, string id, string version, string? dependency, string library, string? content)
    {
        using ZipArchive package = ZipFile.Open(Path.Combine(folder, $"{id}.{version}.nupkg"), ZipArchiveMode.Create);
        using (StreamWriter nuspec = new(package.CreateEntry($"{id}.nuspec").Open()))
        {
            nuspec.Write($"""
                <package xmlns="http://schemas.microsoft.com/packaging/2013/05/nuspec.xsd">
                  <metadata>
                    <id>{id}</id><version>{version}</version><authors>test</authors><description>test</description>
                    <dependencies><group targetFramework=".NETStandard2.0">{dependency}</group></dependencies>
                  </metadata>
                </package>
                """);
        }

        package.CreateEntry("lib/netstandard2.0/_._");
        string path = "runtimes/linux-x64/native/" + library;
        if (content is not null)
        {
            package.CreateEntryFromFile(content, path, CompressionLevel.NoCompression);
            return;
        }

        using StreamWriter text = new(package.CreateEntry(path).Open());
        text.Write("Not a library.");
    }
}
