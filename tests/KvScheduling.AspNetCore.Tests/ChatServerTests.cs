using System.Net;
using KvScheduling.OnnxGenAI;
using KvScheduling.OnnxGenAI.Tests;
using KvScheduling.Samples.ChatServer;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace KvScheduling.AspNetCore.Tests;

public sealed class ChatServerTests
{
    [Theory]
    [InlineData("managed")]
    [InlineData("simulated")]
    public Task Build_DefaultSettings_PageInfoChatBurstAndHealthAnswer(string engine) => RunAsync(engine, null);

    [NativeFact]
    public Task Build_OnnxEngine_PageInfoChatBurstAndHealthAnswer() => RunAsync("onnx", TestFolders.Native);

    private static async Task RunAsync(string engine, string? native)
    {
        ChatServerSettings settings = new() { Urls = "http://127.0.0.1:0", Engine = engine, Native = native };
        EngineChoice choice = EngineChoice.Make(settings);
        await using WebApplication app = ChatServerApp.Build(settings, choice);
        await app.StartAsync();
        using StringWriter output = new();
        await StartupText.WriteAsync(output, app, choice);
        using HttpClient http = new() { BaseAddress = new Uri(app.Urls.Single()), Timeout = TestServer.Patience };

        using HttpResponseMessage page = await http.GetAsync(new Uri("/", UriKind.Relative));
        Assert.Equal("text/html; charset=utf-8", page.Content.Headers.ContentType!.ToString());
        Assert.Contains("<title>KvScheduling", await page.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        string info = await http.GetStringAsync(new Uri("/info", UriKind.Relative));
        string model = Wire.Json(info).GetProperty("model").GetString()!;
        Assert.Equal(engine, Wire.Json(info).GetProperty("engine").GetString());
        Assert.Equal("Healthy", await http.GetStringAsync(new Uri("/health", UriKind.Relative)));
        string question = $$"""{"model":"{{model}}","messages":[{"role":"user","content":"What is 15 + 62?"}]}""";
        using HttpResponseMessage chat = await http.SendAsync(TestServer.Post(question));
        string answer = (await chat.JsonAsync()).At("choices", 0, "message", "content").GetString()!;
        Assert.Equal(engine != "simulated", answer == "15 + 62 = 77.");
        Assert.Contains(app.Urls.Single(), output.ToString(), StringComparison.Ordinal);
        Assert.Contains($"engine  {engine}: ", output.ToString(), StringComparison.Ordinal);
        Assert.Contains("4,096 tokens", output.ToString(), StringComparison.Ordinal);
        Assert.Contains("adaptive", output.ToString(), StringComparison.Ordinal);
        Assert.Contains("curl -N", output.ToString(), StringComparison.Ordinal);

        using HttpResponseMessage burst = await http.PostAsync(new Uri("/burst", UriKind.Relative), TestServer.JsonBody("""{"count":12,"seed":5}"""));
        List<string> events = Wire.Data(await burst.Content.ReadAsStringAsync());
        Assert.Equal(12, Wire.Json(events[0]).GetProperty("requests").GetArrayLength());
        IEnumerable<int> done = events.Skip(1)
            .Select(Wire.Json)
            .Where(static e => e.GetProperty("type").GetString() == "done")
            .Select(static e => e.GetProperty("index").GetInt32());
        Assert.Equal(Enumerable.Range(0, 12), done.Order());
        await app.StopAsync();
        Assert.Contains("Stopping: 0 running", output.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(513)]
    public async Task Burst_CountOutOfRange_400(int count)
    {
        ChatServerSettings settings = new() { Urls = "http://127.0.0.1:0", Engine = "simulated" };
        await using WebApplication app = ChatServerApp.Build(settings, EngineChoice.Make(settings));
        await app.StartAsync();
        using HttpClient http = new() { BaseAddress = new Uri(app.Urls.Single()), Timeout = TestServer.Patience };

        using HttpResponseMessage response = await http.PostAsync(new Uri("/burst", UriKind.Relative), TestServer.JsonBody($"{{\"count\":{count}}}"));

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }

    [Theory]
    [InlineData("--engine onnx --native nowhere", "libonnxruntime-genai.so for")]
    [InlineData("--engine onnx --native nowhere", "Or use --engine managed")]
    [InlineData("--native nowhere", "were not found named by OnnxGenAIEngineOptions.NativeFolder")]
    [InlineData("--engine cuda", "'managed'")]
    [InlineData("--policy fifo", "'sorted-f'")]
    [InlineData("--model nowhere", "nowhere")]
    [InlineData("--model .", "neither config.json")]
    [InlineData("--kv-tokens 15", "at least 16")]
    [InlineData("--kv-tokens many", "many")]
    [InlineData("--colour blue", "--colour")]
    public async Task RunAsync_WrongUsage_2AndTheReason(string arguments, string reason)
    {
        using StringWriter output = new();
        using StringWriter error = new();

        int code = await ChatServerCommand.RunAsync(arguments.Split(' '), output, error);

        Assert.Equal(2, code);
        Assert.Contains(reason, error.ToString(), StringComparison.Ordinal);
        Assert.Empty(output.ToString());
    }

    [NativeTheory]
    [InlineData(null, "onnx", "tiny-chat-onnx")]
    [InlineData("tests/models/tiny-chat-onnx/paged", "onnx", "paged")]
    [InlineData("models/tiny-chat", "managed", "tiny-chat")]
    public void Make_Auto_TakesOnnxForAModelOfThatKind(string? model, string engine, string folder)
    {
        EngineChoice choice = EngineChoice.Make(new ChatServerSettings { Model = model is null ? null : Path.Combine(TestFolders.Root, model), Native = TestFolders.Native });

        Assert.Equal((engine, folder), (choice.Name, Path.GetFileName(choice.ModelFolder)));
        Assert.StartsWith("chosen because", choice.Reason, StringComparison.Ordinal);
    }

    [NativeFact]
    public void Make_OnnxWithAHuggingFaceFolder_SaysSoWhenItStarts()
    {
        ChatServerSettings settings = new() { Engine = "onnx", Native = TestFolders.Native, Model = Path.Combine(TestFolders.Root, "models", "tiny-chat") };
        OnnxGenAIException error = Assert.Throws<OnnxGenAIException>(() =>
        {
            using OnnxGenAIModel model = TestModels.LoadFolder(EngineChoice.Make(settings).ModelFolder!);
        });

        Assert.Contains("serve it with the managed engine", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunAsync_Help_ListsEveryOption()
    {
        using StringWriter output = new();

        int code = await ChatServerCommand.RunAsync(["--help"], output, output);

        Assert.Equal(0, code);
        Assert.All(
            ["--urls", "--engine", "--model", "--native", "--kv-tokens", "--policy"],
            option => Assert.Contains(option, output.ToString(), StringComparison.Ordinal));
    }

    [Fact]
    public async Task RunAsync_AddressIsTaken_1AndTheAddress()
    {
        ChatServerSettings settings = new() { Urls = "http://127.0.0.1:0", Engine = "simulated" };
        await using WebApplication app = ChatServerApp.Build(settings, EngineChoice.Make(settings));
        await app.StartAsync();
        using StringWriter error = new();

        int code = await ChatServerCommand.RunAsync(["--engine", "simulated", "--urls", app.Urls.Single()], TextWriter.Null, error);

        Assert.Equal(1, code);
        Assert.Contains(app.Urls.Single(), error.ToString(), StringComparison.Ordinal);
    }
}
