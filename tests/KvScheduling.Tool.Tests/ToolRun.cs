using System.Text.Json;

namespace KvScheduling.Tool.Tests;

/// <summary>One run of the tool in this process, in a folder of its own.</summary>
internal sealed class ToolRun : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("kvsched-");

    public string Output { get; private set; } = string.Empty;

    public string Error { get; private set; } = string.Empty;

    public JsonElement Json => JsonDocument.Parse(Output).RootElement;

    public void Dispose() => _folder.Delete(recursive: true);

    public string Write(string name, string text)
    {
        string path = Path.Combine(_folder.FullName, name);
        File.WriteAllText(path, text);
        return path;
    }

    public async Task<int> RunAsync(params string[] args)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        using var console = new ToolConsole(output, error, isInteractive: false);
        int code = await KvschedCommand.RunAsync(args, console);
        Output = output.ToString();
        Error = error.ToString();
        return code;
    }
}
