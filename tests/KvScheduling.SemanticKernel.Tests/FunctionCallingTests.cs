using Microsoft.Extensions.AI;
using Microsoft.SemanticKernel;
using Microsoft.SemanticKernel.ChatCompletion;
using CallContent = Microsoft.SemanticKernel.FunctionCallContent;
using ResultContent = Microsoft.SemanticKernel.FunctionResultContent;

namespace KvScheduling.SemanticKernel.Tests;

public sealed class FunctionCallingTests
{
    private static readonly PromptExecutionSettings Auto = new() { FunctionChoiceBehavior = FunctionChoiceBehavior.Auto() };

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Auto_ModelCalls_FunctionRunsAndItsResultIsAnswered(bool isStreaming)
    {
        var client = new ScriptedChatClient(
            ScriptedChatClient.Call(("call-1", "tools_add", new { a = 15, b = 62 })),
            messages => [new Microsoft.Extensions.AI.TextContent($"The result is {ResultOf(messages, "call-1")}.")]);
        ChatHistory history = [];
        history.AddUserMessage("Add 15 and 62.");

        string answer = await AnswerAsync(Kernels.Create(client), history, Auto, isStreaming);

        Assert.Equal("The result is 77.", answer);
        Assert.Equal(2, client.Requests.Count);
        Assert.Equal([AuthorRole.User, AuthorRole.Assistant, AuthorRole.Tool], history.Select(static message => message.Role));
        CallContent call = Assert.Single(CallContent.GetFunctionCalls(history[1]));
        Assert.Equal(("tools_add", "call-1"), (call.FunctionName, call.Id));
        Assert.Equal("call-1", Assert.IsType<ResultContent>(Assert.Single(history[2].Items)).CallId);
    }

    [Fact]
    public async Task Auto_Functions_AreOfferedWithNameDescriptionAndSchema()
    {
        var client = new ScriptedChatClient(ScriptedChatClient.Text("x"));

        await AnswerAsync(Kernels.Create(client), Auto);

        ChatOptions options = client.Requests[0].Options!;
        Assert.Equal(ChatToolMode.Auto, options.ToolMode);
        Assert.Equal(["tools_add", "tools_get_weather", "tools_fail"], options.Tools!.Select(static tool => tool.Name));
        AIFunction add = Assert.IsAssignableFrom<AIFunction>(options.Tools![0]);
        Assert.Equal("Adds two numbers.", add.Description);
        Assert.Equal("integer", add.JsonSchema.GetProperty("properties").GetProperty("a").GetProperty("type").GetString());
    }

    [Fact]
    public async Task Auto_NamedFunctions_OnlyThoseAreOffered()
    {
        var client = new ScriptedChatClient(ScriptedChatClient.Text("x"));
        Kernel kernel = Kernels.Create(client);

        await AnswerAsync(
            kernel,
            new PromptExecutionSettings { FunctionChoiceBehavior = FunctionChoiceBehavior.Auto([kernel.Plugins["tools"]["get_weather"]]) });

        Assert.Equal(["tools_get_weather"], client.Requests[0].Options!.Tools!.Select(static tool => tool.Name));
    }

    [Fact]
    public async Task NoChoiceBehavior_NothingIsOffered()
    {
        var client = new ScriptedChatClient(ScriptedChatClient.Text("x"));

        await AnswerAsync(Kernels.Create(client), new PromptExecutionSettings());

        Assert.Null(client.Requests[0].Options!.Tools);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Required_ACallIsForcedOnceAndThenTheModelIsFree(bool isStreaming)
    {
        var client = new ScriptedChatClient(ScriptedChatClient.Call(("1", "tools_add", new { a = 1, b = 2 })), ScriptedChatClient.Text("3"));

        var settings = new PromptExecutionSettings { FunctionChoiceBehavior = FunctionChoiceBehavior.Required() };
        await AnswerAsync(Kernels.Create(client), new ChatHistory("x"), settings, isStreaming);

        Assert.Equal([ChatToolMode.RequireAny, null], client.Requests.Select(static request => request.Options!.ToolMode));
    }

    [Fact]
    public async Task None_FunctionsAreShownAndNeverCalled()
    {
        var client = new ScriptedChatClient(ScriptedChatClient.Text("I would add."));

        string answer = await AnswerAsync(Kernels.Create(client), new PromptExecutionSettings { FunctionChoiceBehavior = FunctionChoiceBehavior.None() });

        Assert.Equal("I would add.", answer);
        Assert.Equal(ChatToolMode.None, client.Requests[0].Options!.ToolMode);
        Assert.Equal(3, client.Requests[0].Options!.Tools!.Count);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Auto_ParallelCalls_AllRunAndAllResultsReachTheModel(bool isStreaming)
    {
        var client = new ScriptedChatClient(
            ScriptedChatClient.Call(("1", "tools_add", new { a = 1, b = 2 }), ("2", "tools_get_weather", new { city = "Oslo" })),
            messages => [new Microsoft.Extensions.AI.TextContent($"{ResultOf(messages, "1")}, {ResultOf(messages, "2")}")]);

        Assert.Equal("3, sunny in Oslo", await AnswerAsync(Kernels.Create(client), new ChatHistory("x"), Auto, isStreaming));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Auto_AllowParallelCalls_IsToldToTheClient(bool allow)
    {
        var client = new ScriptedChatClient(ScriptedChatClient.Text("x"));
        var options = new FunctionChoiceBehaviorOptions { AllowParallelCalls = allow };

        await AnswerAsync(Kernels.Create(client), new PromptExecutionSettings { FunctionChoiceBehavior = FunctionChoiceBehavior.Auto(options: options) });

        Assert.Equal(allow, client.Requests[0].Options!.AllowMultipleToolCalls);
    }

    [Fact]
    public async Task Auto_WithoutInvocation_TheCallIsReturnedAndNotRun()
    {
        var client = new ScriptedChatClient(ScriptedChatClient.Call(("1", "tools_add", new { a = 1, b = 2 })));
        Kernel kernel = Kernels.Create(client);

        ChatMessageContent answer = await kernel.GetRequiredService<IChatCompletionService>().GetChatMessageContentAsync(
            new ChatHistory("x"), new PromptExecutionSettings { FunctionChoiceBehavior = FunctionChoiceBehavior.Auto(autoInvoke: false) }, kernel);

        Assert.Equal("tools_add", Assert.Single(CallContent.GetFunctionCalls(answer)).FunctionName);
        Assert.Equal("tool_calls", answer.Metadata!["FinishReason"]);
        Assert.Single(client.Requests);
    }

    [Fact]
    public async Task Auto_WithoutKernel_IsRefused()
    {
        IChatCompletionService service = Kernels.Create(new ScriptedChatClient(ScriptedChatClient.Text("x"))).GetRequiredService<IChatCompletionService>();

        await Assert.ThrowsAsync<KernelException>(() => service.GetChatMessageContentAsync(new ChatHistory("x"), Auto));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Auto_FailingFunction_ItsErrorReachesTheModel(bool isStreaming)
    {
        var client = new ScriptedChatClient(
            ScriptedChatClient.Call(("1", "tools_fail", new { })),
            messages => [new Microsoft.Extensions.AI.TextContent(ResultOf(messages, "1"))]);

        string answer = await AnswerAsync(Kernels.Create(client), new ChatHistory("x"), Auto, isStreaming);

        Assert.StartsWith("Error", answer, StringComparison.Ordinal);
        Assert.Contains("the sensor is wet", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Auto_FunctionFailsAgainAndAgain_TheCallerGetsItsError()
    {
        var client = new ScriptedChatClient(ScriptedChatClient.Call(("1", "tools_fail", new { })));

        InvalidOperationException error = await Assert.ThrowsAsync<InvalidOperationException>(() => AnswerAsync(Kernels.Create(client), Auto));

        Assert.Equal("the sensor is wet", error.Message);
        Assert.Equal(4, client.Requests.Count);
    }

    [Fact]
    public async Task Auto_UnknownFunction_TheModelIsTold()
    {
        var client = new ScriptedChatClient(
            ScriptedChatClient.Call(("1", "tools_fly", new { })),
            messages => [new Microsoft.Extensions.AI.TextContent(ResultOf(messages, "1"))]);

        Assert.Contains("\"tools_fly\" not found", await AnswerAsync(Kernels.Create(client), Auto), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Auto_SeveralRequests_HintsHoldForEachAndUsageIsTheirSum()
    {
        var client = new ScriptedChatClient(ScriptedChatClient.Call(("1", "tools_add", new { a = 1, b = 2 })), ScriptedChatClient.Text("3"));
        Kernel kernel = Kernels.Create(client);
        ChatHistory history = new("x");

        ChatMessageContent answer = await kernel.GetRequiredService<IChatCompletionService>().GetChatMessageContentAsync(
            history, new KvSchedulingPromptExecutionSettings { Tenant = "blue", FunctionChoiceBehavior = FunctionChoiceBehavior.Required() }, kernel);

        Assert.Equal(["blue", "blue"], client.Requests.Select(static request => request.Options!.AdditionalProperties!["kv_tenant"]));
        Assert.Equal(22, Assert.IsType<UsageDetails>(answer.Metadata!["Usage"]).TotalTokenCount);
        Assert.Equal(2, answer.GetSchedulingReport()!.OutputTokens);
        Assert.Equal(1, history[1].GetSchedulingReport()!.OutputTokens);
        Assert.Equal("tool_calls", history[1].Metadata!["FinishReason"]);
    }

    internal static async Task<string> AnswerAsync(Kernel kernel, ChatHistory history, PromptExecutionSettings settings, bool isStreaming)
    {
        IChatCompletionService service = kernel.GetRequiredService<IChatCompletionService>();
        if (!isStreaming)
        {
            return (await service.GetChatMessageContentAsync(history, settings, kernel)).Content ?? string.Empty;
        }

        string text = string.Empty;
        await foreach (StreamingChatMessageContent update in service.GetStreamingChatMessageContentsAsync(history, settings, kernel))
        {
            text += update.Content;
        }

        return text;
    }

    internal static Task<string> AnswerAsync(Kernel kernel, PromptExecutionSettings settings) =>
        AnswerAsync(kernel, new ChatHistory("x"), settings, isStreaming: false);

    internal static string ResultOf(IReadOnlyList<ChatMessage> messages, string callId) =>
        messages.SelectMany(static message => message.Contents).OfType<Microsoft.Extensions.AI.FunctionResultContent>()
            .Single(result => result.CallId == callId).Result!.ToString()!;
}
