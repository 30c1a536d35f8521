using System.Diagnostics;
using System.Net.Http.Json;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace KvScheduling.Packages.Tests;

/// <summary>What is published runs: as a single file everywhere, ahead of time where the feed has the compiler.</summary>
public sealed class PublishTests : IDisposable
{
    private static readonly string Model = Path.Combine(Packages.Root, "models", "tiny-chat");

    private readonly DirectoryInfo _work = Directory.CreateTempSubdirectory("kvscheduling-publish-");

    [Fact]
    public Task Publish_SingleFile_AnswersInConsoleAndServer() => PublishAndAskAsync("-p:PublishSingleFile=true", "--no-self-contained");

    [NativeAotFact]
    public Task Publish_NativeAot_AnswersInConsoleAndServer() => PublishAndAskAsync("-p:PublishAot=true");

    public void Dispose() => _work.Delete(recursive: true);

    private async Task PublishAndAskAsync(params string[] how)
    {
        string console = await PublishAsync("tests/KvScheduling.PublishedConsole", "KvScheduling.PublishedConsole", how);
        using (Process process = Start(console, Model))
        {
            Assert.Equal("15 + 62 = 77.", (await process.StandardOutput.ReadToEndAsync()).Trim());
            await process.WaitForExitAsync();
            Assert.Equal(0, process.ExitCode);
        }

        string server = await PublishAsync("samples/ChatServer", "ChatServer", how);
        using Process running = Start(server, "--urls", "http://127.0.0.1:0", "--engine", "managed", "--model", Model);
        try
        {
            using HttpClient client = new() { BaseAddress = await AddressAsync(running), Timeout = TimeSpan.FromMinutes(10) };
            var request = JsonContent.Create(new { model = "tiny-chat", messages = new[] { new { role = "user", content = "What is 15 + 62?" } } });
            using HttpResponseMessage answer = await client.PostAsync(new Uri("v1/chat/completions", UriKind.Relative), request);
            JsonElement body = await answer.Content.ReadFromJsonAsync<JsonElement>();
            Assert.Equal("15 + 62 = 77.", body.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString());

            JsonElement info = await client.GetFromJsonAsync<JsonElement>("info");
            Assert.Equal("managed", info.GetProperty("engine").GetString());
            using HttpResponseMessage burst = await client.PostAsync(new Uri("burst", UriKind.Relative), JsonContent.Create(new { count = 3, seed = 1 }));
            Assert.Equal(3, (await burst.Content.ReadAsStringAsync()).Split("\"type\":\"done\"").Length - 1);
        }
        finally
        {
            running.Kill(entireProcessTree: true);
            await running.WaitForExitAsync();
        }
    }

    private async Task<string> PublishAsync(string project, string assembly, string[] how)
    {
        string target = Path.Combine(_work.FullName, assembly);

        // Built in a folder of its own: what the repository's build left must not come to be for another runtime.
        await Packages.RunAsync(
            Packages.Root, ["publish", project, "-c", "Release", "--ucr", .. how, "--artifacts-path", Path.Combine(_work.FullName, "build"), "-o", target, "-p:RunAnalyzers=false", "-nodeReuse:false"]);
        return Path.Combine(target, assembly + (RuntimeInformation.IsOSPlatform(OSPlatform.Windows) ? ".exe" : string.Empty));
    }

    private static Process Start(string file, params string[] arguments)
    {
        Assert.True(File.Exists(file), file);
        ProcessStartInfo start = new(file, arguments) { RedirectStandardOutput = true };
        if (Path.GetDirectoryName(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH")) is { Length: > 0 } runtime)
        {
            start.Environment["DOTNET_ROOT"] = runtime;
        }

        return Process.Start(start)!;
    }

    private static async Task<Uri> AddressAsync(Process server)
    {
        while (await server.StandardOutput.ReadLineAsync() is string line)
        {
            int at = line.IndexOf("Open http://", StringComparison.Ordinal);
            if (at >= 0)
            {
                return new Uri(line[(at + "Open ".Length)..].Split(' ')[0]);
            }
        }

        throw new InvalidOperationException("The server ended without an address.");
    }
}

/// <summary>Needs the Native AOT compiler, which not every feed has.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class NativeAotFactAttribute : FactAttribute
{
    public NativeAotFactAttribute()
    {
        if (!Packages.HasNativeAot)
        {
            Skip = "The package feed has no Native AOT compiler (runtime pack Microsoft.DotNet.ILCompiler).";
        }
    }
}
