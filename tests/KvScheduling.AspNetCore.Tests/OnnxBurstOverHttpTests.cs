using KvScheduling.Conformance;
using KvScheduling.OnnxGenAI;
using KvScheduling.OnnxGenAI.Tests;
using KvScheduling.Samples.ChatServer;

namespace KvScheduling.AspNetCore.Tests;

/// <summary>64 mixed chat requests at once on the engine on ONNX Runtime GenAI, against the same requests one by one.</summary>
public sealed class OnnxBurstOverHttpTests
{
    private const int Requests = 64;

    [NativeTheory]
    [InlineData("paged", 4096)]
    [InlineData("flat", 4096)]
    public Task Post_BurstOnTinyChat_EqualsSoloRunsWithinTheBudget(string form, long budget) =>
        RunAsync(TestFolders.TinyChatOnnx(form), "tiny-chat", Burst.Create(DemoPrompts.For("tiny-chat"), "tiny-chat", Requests, mostOutputTokens: 200), budget);

    [NativeFact(Model = "smollm2-135m")]
    public Task Post_BurstOnSmolLM2_EqualsSoloRunsWithinTheBudget() =>
        RunAsync(TestFolders.SmolLM2("paged"), "smollm2", Burst.Create(DemoPrompts.For("smollm2"), "smollm2", Requests, mostOutputTokens: 6, mostCharacters: 800), budget: 1024);

    private static async Task RunAsync(string folder, string name, string[] bodies, long budget)
    {
        using OnnxGenAIModel model = TestModels.LoadFolder(folder, options =>
        {
            options.ModelId = name;
            options.KvTokens = 16_384;
            options.Threads = 1;
        });
        string[] solo = await Burst.RunSoloAsync(bodies, model.CreateEngine);
        await using EngineServer server = await EngineServer.StartAsync(options => options.KvBudgetTokens = budget, model.CreateEngine);
        Burst.Watch(server, Requests, out Func<(long Used, long Waiting)> peaks);

        string[] burst = await Task.WhenAll(bodies.Select(body => Burst.AskAsync(server, body)));

        Assert.Equal(solo, burst);
        Assert.InRange(peaks().Used, 1, budget);
        Assert.InRange(server.Engine.PeakKvTokens, 1, budget);
        Assert.True(server.Engine.PeakSequences > 8, "The requests were to run together.");
        Assert.True(peaks().Waiting > 0, "The burst was to be larger than the budget.");
        Assert.Equal(Requests, (await Patient.SnapshotAsync(server.Scheduler, static state => state.CompletedRequests >= Requests)).CompletedRequests);
    }
}
