using System.ClientModel;
using System.ClientModel.Primitives;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using Microsoft.Extensions.AI;
using OpenAI;
using OpenAI.Chat;
using OpenAI.Models;
using ChatFinishReason = Microsoft.Extensions.AI.ChatFinishReason;
using OpenAIFinishReason = OpenAI.Chat.ChatFinishReason;
using OpenAIMessage = OpenAI.Chat.ChatMessage;

namespace KvScheduling.AspNetCore.Tests;

/// <summary>The official OpenAI client against the endpoints.</summary>
public sealed class OpenAIClientTests
{
    private static readonly ChatTool AddTool = ChatTool.CreateFunctionTool(
        "add", "Adds.", BinaryData.FromString("""{"type":"object","properties":{"a":{"type":"integer"}}}"""));

    [Fact]
    public async Task CompleteChat_Text_AnswerUsageAndFinishReason()
    {
        await using TestServer server = await TestServer.StartAsync();
        server.Chat.Script = static _ => FakeChatClient.Updates(
            FakeChatClient.Text("Hello"), FakeChatClient.Finish(ChatFinishReason.Length), FakeChatClient.Usage(9, 2, 8));

        ChatCompletion completion = await Client(server).CompleteChatAsync(
            [new SystemChatMessage("Be brief."), new UserChatMessage("Hi")],
            new ChatCompletionOptions { Temperature = 0.25f, MaxOutputTokenCount = 7, StopSequences = { "." }, EndUserId = "eve" });

        Assert.Equal("Hello", completion.Content[0].Text);
        Assert.Equal(OpenAIFinishReason.Length, completion.FinishReason);
        Assert.Equal("chatcmpl-r1", completion.Id);
        Assert.Equal(FakeScheduler.ModelId, completion.Model);
        ChatTokenUsage usage = completion.Usage;
        Assert.Equal((9, 2, 11, 8), (usage.InputTokenCount, usage.OutputTokenCount, usage.TotalTokenCount, usage.InputTokenDetails.CachedTokenCount));
        Assert.Equal(0.25f, server.Chat.Options!.Temperature);
        Assert.Equal(7, server.Chat.Options.MaxOutputTokens);
        Assert.Equal(["."], server.Chat.Options.StopSequences);
        Assert.Equal(["Be brief.", "Hi"], server.Chat.Messages.Select(static message => message.Text));
    }

    [Fact]
    public async Task CompleteChatStreaming_Text_PiecesUsageAndFinishReason()
    {
        await using TestServer server = await TestServer.StartAsync();
        server.Chat.Script = static _ => FakeChatClient.Updates(
            FakeChatClient.Text("Hel"), FakeChatClient.Text("lo"), FakeChatClient.Finish(ChatFinishReason.Stop), FakeChatClient.Usage(9, 2, 0));
        List<string> pieces = [];
        OpenAIFinishReason? reason = null;
        ChatTokenUsage? usage = null;
        HashSet<string> ids = [];

        await foreach (StreamingChatCompletionUpdate update in Client(server).CompleteChatStreamingAsync([new UserChatMessage("Hi")]))
        {
            pieces.AddRange(update.ContentUpdate.Select(static part => part.Text).Where(static text => text.Length > 0));
            reason = update.FinishReason ?? reason;
            usage = update.Usage ?? usage;
            ids.Add(update.CompletionId);
        }

        Assert.Equal(["Hel", "lo"], pieces);
        Assert.Equal(OpenAIFinishReason.Stop, reason);
        Assert.Equal(11, usage!.TotalTokenCount);
        Assert.Equal(["chatcmpl-r1"], ids);
    }

    [Fact]
    public async Task CompleteChat_ToolCallAndItsResult_GoRound()
    {
        await using TestServer server = await TestServer.StartAsync();
        server.Chat.Script = static _ => FakeChatClient.Updates(
            FakeChatClient.With(new FunctionCallContent("c1", "add", new Dictionary<string, object?> { ["a"] = 1 })),
            FakeChatClient.Finish(ChatFinishReason.ToolCalls));
        ChatClient client = Client(server);
        List<OpenAIMessage> conversation = [new UserChatMessage("1 + 1?")];
        ChatCompletionOptions options = new() { Tools = { AddTool }, ToolChoice = ChatToolChoice.CreateAutoChoice(), AllowParallelToolCalls = false };

        ChatCompletion completion = await client.CompleteChatAsync(conversation, options);

        Assert.Equal(OpenAIFinishReason.ToolCalls, completion.FinishReason);
        ChatToolCall call = Assert.Single(completion.ToolCalls);
        Assert.Equal(("c1", "add", """{"a":1}"""), (call.Id, call.FunctionName, call.FunctionArguments.ToString()));
        Assert.Equal("add", Assert.Single(server.Chat.Options!.Tools!).Name);

        conversation.Add(new AssistantChatMessage(completion));
        conversation.Add(new ToolChatMessage(call.Id, "2"));
        server.Chat.Script = static _ => FakeChatClient.Answer("2");
        completion = await client.CompleteChatAsync(conversation, options);

        Assert.Equal("2", completion.Content[0].Text);
        Assert.Equal("c1", Assert.Single(server.Chat.Messages[1].Contents.OfType<FunctionCallContent>()).CallId);
        Assert.Equal("2", Assert.Single(server.Chat.Messages[2].Contents.OfType<FunctionResultContent>()).Result);
    }

    [Fact]
    public async Task CompleteChatStreaming_ToolCalls_AreAssembled()
    {
        await using TestServer server = await TestServer.StartAsync();
        server.Chat.Script = static _ => FakeChatClient.Updates(
            FakeChatClient.With(new FunctionCallContent("c1", "add"), new FunctionCallContent("c2", "add")), FakeChatClient.Finish(ChatFinishReason.ToolCalls));
        StringBuilder calls = new();
        ChatCompletionOptions options = new() { Tools = { AddTool } };

        await foreach (StreamingChatCompletionUpdate update in Client(server).CompleteChatStreamingAsync([new UserChatMessage("Hi")], options))
        {
            foreach (StreamingChatToolCallUpdate call in update.ToolCallUpdates)
            {
                calls.Append(CultureInfo.InvariantCulture, $"{call.Index} {call.ToolCallId} {call.FunctionName} {call.FunctionArgumentsUpdate};");
            }
        }

        Assert.Equal("0 c1 add {};1 c2 add {};", calls.ToString());
    }

    [Theory]
    [InlineData(SchedulingRejection.TooLong, 400, "context_length_exceeded")]
    [InlineData(SchedulingRejection.QueueFull, 429, "queue_full")]
    [InlineData(SchedulingRejection.ShuttingDown, 503, "shutting_down")]
    [InlineData(SchedulingRejection.DeadlineUnreachable, 504, "deadline_unreachable")]
    public async Task CompleteChat_Refused_ClientResultExceptionTellsStatusAndCode(SchedulingRejection reason, int status, string code)
    {
        await using TestServer server = await TestServer.StartAsync();
        server.Chat.OnCall = () => throw new SchedulingRejectedException(reason, "No room for it.");

        ClientResultException error = await Assert.ThrowsAsync<ClientResultException>(() => Client(server).CompleteChatAsync([new UserChatMessage("Hi")]));

        Assert.Equal(status, error.Status);
        Assert.Contains(code, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CompleteChat_RefusedOnce_TheClientsOwnRetrySucceeds()
    {
        await using TestServer server = await TestServer.StartAsync();
        int calls = 0;
        server.Chat.OnCall = () =>
        {
            if (Interlocked.Increment(ref calls) == 1)
            {
                throw new SchedulingRejectedException(SchedulingRejection.QueueFull, "Full.", TimeSpan.FromMilliseconds(1));
            }
        };

        ChatCompletion completion = await Client(server, retries: 1).CompleteChatAsync([new UserChatMessage("Hi")]);

        Assert.Equal("Hi", completion.Content[0].Text);
        Assert.Equal(2, calls);
    }

    [Fact]
    public async Task CompleteChatStreaming_CallerCancels_GenerationIsCancelled()
    {
        await using TestServer server = await TestServer.StartAsync();
        server.Chat.Script = static cancellationToken => FirstThenNothing(cancellationToken);
        using CancellationTokenSource cancellation = new();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            OpenAIMessage[] conversation = [new UserChatMessage("Hi")];
            await foreach (StreamingChatCompletionUpdate update in Client(server).CompleteChatStreamingAsync(conversation, cancellationToken: cancellation.Token))
            {
                if (update.ContentUpdate.Any(static part => part.Text == "first"))
                {
                    await cancellation.CancelAsync();
                }
            }
        });

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => server.Chat.Ended.WaitAsync(TestServer.Patience));
    }

    [Fact]
    public async Task GetModels_ListsTheModel()
    {
        await using TestServer server = await TestServer.StartAsync();
        OpenAIModelClient models = new OpenAIClient(new ApiKeyCredential("none"), Options(server.Address, 0)).GetOpenAIModelClient();

        OpenAIModelCollection all = await models.GetModelsAsync();
        OpenAIModel one = await models.GetModelAsync(FakeScheduler.ModelId);

        Assert.Equal(FakeScheduler.ModelId, Assert.Single(all).Id);
        Assert.Equal("kv-scheduling", one.OwnedBy);
    }

    [Fact]
    public async Task CompleteChatStreaming_RealModelWithATool_CallsItAndReadsItsResult()
    {
        await using EngineServer server = await EngineServer.StartAsync(static _ => { });
        ChatClient client = new("tiny-chat", new ApiKeyCredential("none"), Options(server.Address, 0));
        ChatCompletionOptions options = new()
        {
            Tools =
            {
                ChatTool.CreateFunctionTool("add", "Adds two numbers and returns the sum.", BinaryData.FromString(
                    """{"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"integer"}},"required":["a","b"]}""")),
            },
        };
        List<OpenAIMessage> conversation = [new UserChatMessage("Add 565 and 8.")];

        ChatCompletion call = await client.CompleteChatAsync(conversation, options);
        ChatToolCall toolCall = Assert.Single(call.ToolCalls);
        conversation.Add(new AssistantChatMessage(call));
        conversation.Add(new ToolChatMessage(toolCall.Id, """{"result": 573}"""));
        StringBuilder answer = new();
        await foreach (StreamingChatCompletionUpdate update in client.CompleteChatStreamingAsync(conversation, options))
        {
            answer.AppendJoin(string.Empty, update.ContentUpdate.Select(static part => part.Text));
        }

        Assert.Equal(OpenAIFinishReason.ToolCalls, call.FinishReason);
        Assert.Equal("""add {"a":565,"b":8}""", $"{toolCall.FunctionName} {toolCall.FunctionArguments}");
        Assert.Equal("The result is 573.", answer.ToString());
    }

    private static ChatClient Client(TestServer server, int retries = 0) =>
        new(FakeScheduler.ModelId, new ApiKeyCredential("none"), Options(server.Address, retries));

    private static OpenAIClientOptions Options(Uri address, int retries) => new()
    {
        Endpoint = new Uri(address, "v1"),
        RetryPolicy = new ClientRetryPolicy(retries),
        NetworkTimeout = TestServer.Patience,
    };

    private static async IAsyncEnumerable<ChatResponseUpdate> FirstThenNothing([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        yield return FakeChatClient.Text("first");
        await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
    }
}
