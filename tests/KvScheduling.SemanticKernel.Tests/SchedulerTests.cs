using KvScheduling.Samples.SemanticKernelChat;
using Microsoft.SemanticKernel;
using Microsoft.SemanticKernel.ChatCompletion;

namespace KvScheduling.SemanticKernel.Tests;

/// <summary>Semantic Kernel over a real scheduler and the bundled model.</summary>
public sealed class SchedulerTests
{
    [Fact]
    public async Task Sample_ThreeConversationsAtOnce_FunctionsAreCalledAndTheirResultsAnswered()
    {
        var output = new StringWriter();

        IReadOnlyDictionary<string, IReadOnlyList<string>> answers = await ThreeConversations.RunAsync(TinyChat.Folder, output);

        Tools.Weather paris = Tools.GetWeather("Paris");
        Tools.Weather oslo = Tools.GetWeather("Oslo");
        Assert.Equal([$"The weather in Paris is {paris.Condition} with {paris.Temperature} degrees.", "The capital of Greece is Athens."], answers["Ann"]);
        Assert.Equal(["The result is 573.", $"The weather in Oslo is {oslo.Condition} with {oslo.Temperature} degrees."], answers["Ben"]);
        Assert.Equal(["Hello! How can I help you?", "The result is 1311."], answers["Cho"]);
        Assert.Contains("calls add(a: 565, b: 8)", output.ToString(), StringComparison.Ordinal);
        Assert.Contains("calls get_weather(city: Paris)", output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task TwentyCallers_HalfWithTools_EachGetsItsSoloAnswer()
    {
        await using KvSchedulerHost host = await StartAsync(new KvSchedulingOptions { KvBudgetTokens = 2048, CheckInvariants = true });
        (string Question, bool HasTools)[] calls = [.. Enumerable.Range(0, 20).Select(static i => i % 2 == 0
            ? ($"Add {(i * 37) + 5} and {i + 3}.", true)
            : (i % 3 == 0 ? $"Please count from {i} to {i + 12}." : $"What is {i} + {i * 3}?", false))];
        List<string> solo = [];
        foreach ((string question, bool hasTools) in calls)
        {
            solo.Add(await AskAsync(host, question, hasTools));
        }

        string[] together = await Task.WhenAll(calls.Select(call => AskAsync(host, call.Question, call.HasTools)));

        Assert.Equal(solo, together);
        Assert.All(
            calls.Zip(together).Where(static pair => pair.First.HasTools),
            static pair => Assert.StartsWith("The result is ", pair.Second, StringComparison.Ordinal));
        Assert.Equal("The result is 84.", together[2]);
    }

    [Fact]
    public async Task HighPriority_InALine_OvertakesItAndNobodyStarves()
    {
        using var gate = new ManualResetEventSlim();
        WatchedEngine? engine = null;

        // However long it takes to fill the line, nobody in it is promoted and the engine at the gate is not given up.
        await using KvSchedulerHost host = await KvSchedulerHost.StartAsync(
            () => engine = new WatchedEngine(TinyChat.Load(), gate),
            new KvSchedulingOptions { MaxRunningRequests = 1, PromoteAfter = null, StallTimeout = 2 * WatchedEngine.Patience });
        List<Task<string>> line = [AskAsync(host, "Hi", hasTools: false)];
        for (int i = 0; i < 6; i++)
        {
            line.Add(AskAsync(host, $"What is {i} + 4?", hasTools: false));
        }

        line.Add(AskAsync(host, "What is the capital of Greece?", hasTools: false, new KvSchedulingPromptExecutionSettings { Priority = 10 }));
        gate.Set();
        string[] answers = await Task.WhenAll(line);

        Assert.Equal("The capital of Greece is Athens.", answers[^1]);
        Assert.Equal(["0 + 4 = 4.", "1 + 4 = 5.", "2 + 4 = 6.", "3 + 4 = 7.", "4 + 4 = 8.", "5 + 4 = 9."], answers[1..^1]);
        Assert.Equal(8, engine!.Started.Count);
        Assert.InRange(engine.Started.FindIndex(static prompt => prompt.Contains("Greece", StringComparison.Ordinal)), 0, 1);
    }

    [Fact]
    public async Task Deadline_ThatHasNoChance_IsRefusedWithItsReason()
    {
        await using KvSchedulerHost host = await StartAsync(new KvSchedulingOptions());

        SchedulingRejectedException error = await Assert.ThrowsAsync<SchedulingRejectedException>(
            () => AskAsync(host, "What is 1 + 1?", hasTools: false, new KvSchedulingPromptExecutionSettings { Deadline = TimeSpan.FromTicks(1) }));

        Assert.Equal(SchedulingRejection.DeadlineUnreachable, error.Reason);
    }

    [Fact]
    public async Task Required_TheModelIsMadeToCall()
    {
        await using KvSchedulerHost host = await StartAsync(new KvSchedulingOptions());
        var settings = new KvSchedulingPromptExecutionSettings { ShortFunctionNames = true, FunctionChoiceBehavior = FunctionChoiceBehavior.Required() };
        Kernel kernel = CreateKernel(host);
        ChatHistory history = [];
        history.AddUserMessage("Add 20 and 22.");

        ChatMessageContent answer = await kernel.GetRequiredService<IChatCompletionService>().GetChatMessageContentAsync(history, settings, kernel);

        Assert.Equal("The result is 42.", answer.Content);
        Assert.Equal(AuthorRole.Tool, history[^1].Role);
        Assert.True(answer.GetSchedulingReport()!.OutputTokens > 0);
    }

    [Fact]
    public async Task Streaming_TextIsThatOfTheWholeAnswer()
    {
        await using KvSchedulerHost host = await StartAsync(new KvSchedulingOptions());
        ChatHistory history = [];
        history.AddUserMessage("Please count from 2 to 12.");

        string text = await FunctionCallingTests.AnswerAsync(
            CreateKernel(host), history, new KvSchedulingPromptExecutionSettings { MaxTokens = 200 }, isStreaming: true);

        Assert.Equal("2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12.", text);
    }

    private static Task<KvSchedulerHost> StartAsync(KvSchedulingOptions options) => KvSchedulerHost.StartAsync(TinyChat.Load, options);

    private static Kernel CreateKernel(KvSchedulerHost host)
    {
        IKernelBuilder builder = Kernel.CreateBuilder();
        builder.AddKvSchedulingChatCompletion(host.ChatClient);
        builder.Plugins.AddFromFunctions("tools", Tools.All);
        return builder.Build();
    }

    /// <summary>Each caller has a kernel of its own; they share the scheduler.</summary>
    private static async Task<string> AskAsync(KvSchedulerHost host, string question, bool hasTools, KvSchedulingPromptExecutionSettings? settings = null)
    {
        Kernel kernel = CreateKernel(host);
        settings ??= new KvSchedulingPromptExecutionSettings();
        settings.ShortFunctionNames = true;
        settings.FunctionChoiceBehavior = hasTools ? FunctionChoiceBehavior.Auto() : null;
        ChatHistory history = [];
        history.AddUserMessage(question);
        return (await kernel.GetRequiredService<IChatCompletionService>().GetChatMessageContentAsync(history, settings, kernel)).Content ?? string.Empty;
    }
}
