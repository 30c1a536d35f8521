using Microsoft.SemanticKernel;

namespace KvScheduling.SemanticKernel.Tests;

public sealed class PromptTests
{
    [Fact]
    public async Task InvokePrompt_Template_IsRenderedAndAnswered()
    {
        var client = new ScriptedChatClient(ScriptedChatClient.Text("77"));
        var arguments = new KernelArguments(new KvSchedulingPromptExecutionSettings { Tenant = "blue" }) { ["a"] = "15" };

        FunctionResult result = await Kernels.Create(client).InvokePromptAsync("What is {{$a}} + {{tools.add a='60' b='2'}}?", arguments);

        Assert.Equal("77", result.GetValue<string>());
        Assert.Equal("What is 15 + 62?", Assert.Single(client.Requests[0].Messages).Text);
        Assert.Equal("blue", client.Requests[0].Options!.AdditionalProperties!["kv_tenant"]);
    }

    [Fact]
    public async Task InvokePrompt_WithFunctions_TheyAreCalled()
    {
        var client = new ScriptedChatClient(ScriptedChatClient.Call(("1", "tools_add", new { a = 1, b = 2 })), ScriptedChatClient.Text("3"));
        var arguments = new KernelArguments(new PromptExecutionSettings { FunctionChoiceBehavior = FunctionChoiceBehavior.Auto() });

        Assert.Equal("3", await Kernels.Create(client).InvokePromptAsync<string>("Add 1 and 2.", arguments));
    }

    [Fact]
    public async Task InvokePrompt_SettingsByServiceId_ChooseTheService()
    {
        IKernelBuilder builder = Kernel.CreateBuilder();
        builder.AddKvSchedulingChatCompletion(new ScriptedChatClient(ScriptedChatClient.Text("small")), "small");
        builder.AddKvSchedulingChatCompletion(new ScriptedChatClient(ScriptedChatClient.Text("large")), "large");
        Kernel kernel = builder.Build();

        Assert.Equal("large", await kernel.InvokePromptAsync<string>("Hi", new KernelArguments(new PromptExecutionSettings { ServiceId = "large" })));
        Assert.Equal("small", await kernel.InvokePromptAsync<string>("Hi", new KernelArguments(new PromptExecutionSettings { ServiceId = "small" })));
    }

    [Fact]
    public async Task InvokePromptStreaming_Text_IsStreamed()
    {
        List<string> parts = [];
        await foreach (StreamingKernelContent part in Kernels.Create(new ScriptedChatClient(ScriptedChatClient.Text("Hel", "lo")))
            .InvokePromptStreamingAsync("Hi"))
        {
            parts.Add(part.ToString()!);
        }

        Assert.Equal(["Hel", "lo"], parts.Where(static part => part.Length > 0));
    }
}
