using Microsoft.Extensions.AI;
using Microsoft.SemanticKernel;
using Microsoft.SemanticKernel.ChatCompletion;
using CallContent = Microsoft.SemanticKernel.FunctionCallContent;

namespace KvScheduling.SemanticKernel.Tests;

public sealed class ShortFunctionNamesTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ShortFunctionNames_ModelSeesShortNamesAndEverybodyElseFullOnes(bool isStreaming)
    {
        var client = new ScriptedChatClient(ScriptedChatClient.Call(("1", "add", new { a = 1, b = 2 })), ScriptedChatClient.Text("3"));
        ChatHistory history = new("x");

        string answer = await FunctionCallingTests.AnswerAsync(Kernels.Create(client), history, Settings(), isStreaming);

        Assert.Equal("3", answer);
        Assert.Equal(["add", "get_weather", "fail"], client.Requests[0].Options!.Tools!.Select(static tool => tool.Name));
        Assert.Equal("integer", ((AIFunctionDeclaration)client.Requests[0].Options!.Tools![0]).JsonSchema.GetProperty("properties").GetProperty("a")
            .GetProperty("type").GetString());
        Assert.Equal("add", client.Requests[1].Messages.SelectMany(static message => message.Contents).OfType<Microsoft.Extensions.AI.FunctionCallContent>()
            .Single().Name);
        Assert.Equal("tools_add", Assert.Single(CallContent.GetFunctionCalls(history[1])).FunctionName);
    }

    [Fact]
    public async Task ShortFunctionNames_TwoPluginsWithTheSameFunction_TheseStayFull()
    {
        var client = new ScriptedChatClient(ScriptedChatClient.Text("x"));
        Kernel kernel = Kernels.Create(client, static builder => builder.Plugins.AddFromFunctions("more", [Kernels.Add]));

        await FunctionCallingTests.AnswerAsync(kernel, Settings());

        Assert.Equal(["tools_add", "get_weather", "fail", "more_add"], client.Requests[0].Options!.Tools!.Select(static tool => tool.Name));
    }

    [Fact]
    public async Task ShortFunctionNames_FromExtensionData_IsTextToo()
    {
        var client = new ScriptedChatClient(ScriptedChatClient.Text("x"));

        await FunctionCallingTests.AnswerAsync(Kernels.Create(client), new PromptExecutionSettings
        {
            FunctionChoiceBehavior = FunctionChoiceBehavior.Auto(),
            ExtensionData = new Dictionary<string, object> { ["kv_short_function_names"] = "true" },
        });

        Assert.Equal("add", client.Requests[0].Options!.Tools![0].Name);
    }

    private static KvSchedulingPromptExecutionSettings Settings() =>
        new() { ShortFunctionNames = true, FunctionChoiceBehavior = FunctionChoiceBehavior.Auto() };
}
