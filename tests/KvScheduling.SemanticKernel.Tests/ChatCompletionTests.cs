using Microsoft.Extensions.AI;
using Microsoft.SemanticKernel;
using Microsoft.SemanticKernel.ChatCompletion;

namespace KvScheduling.SemanticKernel.Tests;

public sealed class ChatCompletionTests
{
    [Fact]
    public async Task GetChatMessageContent_Answer_HasTextModelUsageFinishReasonAndReport()
    {
        Kernel kernel = Kernels.Create(new ScriptedChatClient(ScriptedChatClient.Text("Hello")));

        ChatMessageContent answer = await kernel.GetRequiredService<IChatCompletionService>().GetChatMessageContentAsync(new ChatHistory("be kind"));

        Assert.Equal("Hello", answer.Content);
        Assert.Equal(AuthorRole.Assistant, answer.Role);
        Assert.Equal(ScriptedChatClient.ModelId, answer.ModelId);
        Assert.Equal(11, Assert.IsType<UsageDetails>(answer.Metadata!["Usage"]).TotalTokenCount);
        Assert.Equal("stop", answer.Metadata["FinishReason"]);
        Assert.Equal("scripted", answer.GetSchedulingReport()!.EngineInstance);
    }

    [Fact]
    public async Task GetStreamingChatMessageContents_Answer_StreamsTextThenFinishReasonUsageAndReport()
    {
        Kernel kernel = Kernels.Create(new ScriptedChatClient(ScriptedChatClient.Text("Hel", "lo")));

        List<StreamingChatMessageContent> updates = [];
        await foreach (StreamingChatMessageContent update in kernel.GetRequiredService<IChatCompletionService>()
            .GetStreamingChatMessageContentsAsync(new ChatHistory("be kind")))
        {
            updates.Add(update);
        }

        Assert.Equal(["Hel", "lo"], updates.Select(static update => update.Content).Where(static text => !string.IsNullOrEmpty(text)));
        Assert.Equal(["stop"], updates.Select(static update => update.Metadata?.GetValueOrDefault("FinishReason")).OfType<string>());
        Assert.Equal(11, Assert.IsType<UsageContent>(updates[^1].Metadata!["Usage"]).Details.TotalTokenCount);
        Assert.NotNull(updates[^1].GetSchedulingReport());
        Assert.All(updates.SkipLast(1), static update => Assert.Null(update.GetSchedulingReport()));
    }

    [Fact]
    public async Task GetChatMessageContent_History_ReachesTheClientWithItsRoles()
    {
        var client = new ScriptedChatClient(ScriptedChatClient.Text("x"));
        ChatHistory history = new("be kind");
        history.AddUserMessage("Hi");
        history.AddAssistantMessage("Hello");
        history.AddUserMessage("Bye");

        await Kernels.Create(client).GetRequiredService<IChatCompletionService>().GetChatMessageContentAsync(history);

        Assert.Equal(
            ["system: be kind", "user: Hi", "assistant: Hello", "user: Bye"],
            client.Requests[0].Messages.Select(static message => $"{message.Role}: {message.Text}"));
        Assert.Equal(4, history.Count);
    }

    [Fact]
    public async Task GetChatMessageContent_Cancelled_Throws()
    {
        IChatCompletionService service = Kernels.Create(new ScriptedChatClient(ScriptedChatClient.Text("x"))).GetRequiredService<IChatCompletionService>();
        using CancellationTokenSource cancellation = new();
        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => service.GetChatMessageContentAsync(new ChatHistory("x"), cancellationToken: cancellation.Token));
    }

    [Fact]
    public async Task GetChatMessageContent_Refused_ThrowsTheReason()
    {
        var client = new ScriptedChatClient(_ => throw new SchedulingRejectedException(SchedulingRejection.QueueFull, "full", TimeSpan.FromSeconds(3)));
        IChatCompletionService service = Kernels.Create(client).GetRequiredService<IChatCompletionService>();

        SchedulingRejectedException error = await Assert.ThrowsAsync<SchedulingRejectedException>(
            () => service.GetChatMessageContentAsync(new ChatHistory("x")));

        Assert.Equal(TimeSpan.FromSeconds(3), error.RetryAfter);
    }

    [Fact]
    public void GetSchedulingReport_Null_IsRefused()
    {
        Assert.Throws<ArgumentNullException>(() => ((ChatMessageContent)null!).GetSchedulingReport());
        Assert.Throws<ArgumentNullException>(() => ((StreamingChatMessageContent)null!).GetSchedulingReport());
        Assert.Null(new ChatMessageContent(AuthorRole.User, "x").GetSchedulingReport());
    }
}
