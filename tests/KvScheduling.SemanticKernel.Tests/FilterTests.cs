using Microsoft.Extensions.DependencyInjection;
using Microsoft.SemanticKernel;
using Microsoft.SemanticKernel.ChatCompletion;
using FunctionInvocationContext = Microsoft.SemanticKernel.FunctionInvocationContext;

namespace KvScheduling.SemanticKernel.Tests;

public sealed class FilterTests
{
    private static readonly PromptExecutionSettings Auto = new() { FunctionChoiceBehavior = FunctionChoiceBehavior.Auto() };

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AutoFunctionInvocationFilter_EachCall_IsSeenWithItsPlaceAndArguments(bool isStreaming)
    {
        var client = new ScriptedChatClient(
            ScriptedChatClient.Call(("1", "tools_add", new { a = 1, b = 2 }), ("2", "tools_get_weather", new { city = "Oslo" })),
            ScriptedChatClient.Call(("3", "tools_add", new { a = 3, b = 4 })),
            ScriptedChatClient.Text("done"));
        List<string> seen = [];
        Kernel kernel = Kernels.Create(client);
        kernel.AutoFunctionInvocationFilters.Add(new AutoFilter(async (context, next) =>
        {
            await next(context);
            string arguments = string.Join(',', context.Arguments!.Keys);
            seen.Add($"{context.RequestSequenceIndex}.{context.FunctionSequenceIndex} {context.Function.Name}({arguments}) = {context.Result}");
        }));

        await FunctionCallingTests.AnswerAsync(kernel, new ChatHistory("x"), Auto, isStreaming);

        Assert.Equal(["0.0 add(a,b) = 3", "0.1 get_weather(city) = sunny in Oslo", "1.0 add(a,b) = 7"], seen);
    }

    [Fact]
    public async Task AutoFunctionInvocationFilter_ResultReplaced_TheModelSeesTheReplacement()
    {
        var client = new ScriptedChatClient(
            ScriptedChatClient.Call(("1", "tools_add", new { a = 1, b = 2 })),
            messages => [new Microsoft.Extensions.AI.TextContent(FunctionCallingTests.ResultOf(messages, "1"))]);
        Kernel kernel = Kernels.Create(client, static builder => builder.Services.AddSingleton<IAutoFunctionInvocationFilter>(new AutoFilter((context, _) =>
        {
            context.Result = new FunctionResult(context.Function, "withheld");
            return Task.CompletedTask;
        })));

        Assert.Equal("withheld", await FunctionCallingTests.AnswerAsync(kernel, Auto));
    }

    [Fact]
    public async Task AutoFunctionInvocationFilter_Terminates_NoFurtherRequestIsMade()
    {
        var client = new ScriptedChatClient(ScriptedChatClient.Call(("1", "tools_add", new { a = 1, b = 2 })), ScriptedChatClient.Text("never"));
        Kernel kernel = Kernels.Create(client);
        kernel.AutoFunctionInvocationFilters.Add(new AutoFilter(async (context, next) =>
        {
            await next(context);
            context.Terminate = true;
        }));

        ChatMessageContent last = await kernel.GetRequiredService<IChatCompletionService>().GetChatMessageContentAsync(new ChatHistory("x"), Auto, kernel);

        Assert.Single(client.Requests);
        Assert.Equal(AuthorRole.Tool, last.Role);
    }

    [Fact]
    public async Task FunctionInvocationFilter_CallByTheModel_RunsInsideTheOtherFilters()
    {
        var client = new ScriptedChatClient(ScriptedChatClient.Call(("1", "tools_add", new { a = 1, b = 2 })), ScriptedChatClient.Text("done"));
        List<string> order = [];
        Kernel kernel = Kernels.Create(client);
        kernel.AutoFunctionInvocationFilters.Add(new AutoFilter(async (context, next) =>
        {
            order.Add("auto");
            await next(context);
        }));
        kernel.FunctionInvocationFilters.Add(new Filter(async (context, next) =>
        {
            order.Add("function");
            await next(context);
            order.Add($"result {context.Result}");
        }));

        await FunctionCallingTests.AnswerAsync(kernel, Auto);

        Assert.Equal(["auto", "function", "result 3"], order);
    }

    private sealed class AutoFilter(Func<AutoFunctionInvocationContext, Func<AutoFunctionInvocationContext, Task>, Task> run) : IAutoFunctionInvocationFilter
    {
        public Task OnAutoFunctionInvocationAsync(AutoFunctionInvocationContext context, Func<AutoFunctionInvocationContext, Task> next) => run(context, next);
    }

    private sealed class Filter(Func<FunctionInvocationContext, Func<FunctionInvocationContext, Task>, Task> run) : IFunctionInvocationFilter
    {
        public Task OnFunctionInvocationAsync(FunctionInvocationContext context, Func<FunctionInvocationContext, Task> next) => run(context, next);
    }
}
