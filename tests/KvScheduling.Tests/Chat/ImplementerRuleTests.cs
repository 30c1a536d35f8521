using System.Text.Json;
using Microsoft.Extensions.AI;

namespace KvScheduling.Tests.Chat;

/// <summary>The fifteen rules for an implementer of <see cref="IChatClient"/>, in their order.</summary>
public class ImplementerRuleTests
{
    // 1. Thread-safe; options and messages are shared and never changed.

    [Fact]
    public async Task GetResponseAsync_HundredParallelCallsWithOneOptionsObject_EachGetsItsOwnAnswer()
    {
        FakeCodec codec = new() { Render = static (messages, _) => JsonDocument.Parse(messages).RootElement[0].GetProperty("content").GetString()! };
        using FakeScheduler scheduler = new(codec, generation => Task.Run(async () =>
        {
            // Echoes the prompt, token by token, between other requests' tokens.
            foreach (int token in generation.Request.PromptTokens.ToArray())
            {
                generation.Emit(token);
                await Task.Yield();
            }

            generation.End();
        }));
        using SchedulingChatClient client = new(scheduler);
        ChatOptions options = new() { StopSequences = ["STOP"], Temperature = 0.5f, Seed = 1 };

        string[] answers = await Task.WhenAll(Enumerable.Range(0, 100).Select(async i =>
            (await client.GetResponseAsync([new ChatMessage(ChatRole.User, $"Wörld {i} 😀 STOP {i}")], options)).Text));

        Assert.Equal(Enumerable.Range(0, 100).Select(static i => $"Wörld {i} 😀 "), answers);
        Assert.Equal(100, scheduler.Generations.Select(static generation => generation.Id).Distinct().Count());
    }

    [Fact]
    public async Task GetResponseAsync_AnyOptionsAndMessages_LeavesThemAsTheyWere()
    {
        using FakeScheduler scheduler = FakeScheduler.Saying("""<tool_call>{"name":"f","arguments":{}}</tool_call>""");
        using SchedulingChatClient client = new(scheduler);
        ChatOptions options = ChatTestExtensions.WithTools("f").WithScheduling(new SchedulingHints { Priority = 3 });
        options.Instructions = "Be brief.";
        options.StopSequences = ["x"];
        options.ToolMode = ChatToolMode.RequireAny;
        List<ChatMessage> messages = [new(ChatRole.System, "S"), new(ChatRole.User, "U")];
        string before = Snapshot(options, messages);

        await client.GetResponseAsync(messages, options);

        Assert.Equal(before, Snapshot(options, messages));
    }

    [Fact]
    public async Task GetStreamingResponseAsync_OptionsChangedByTheCallerAfterwards_KeepsTheOldOnes()
    {
        using FakeScheduler scheduler = FakeScheduler.Saying("a|b#c");
        using SchedulingChatClient client = new(scheduler);
        ChatOptions options = new() { StopSequences = ["#"], MaxOutputTokens = 7 };

        IAsyncEnumerable<ChatResponseUpdate> updates = client.GetStreamingResponseAsync(ChatTestExtensions.Hello, options);
        options.StopSequences[0] = "|";
        options.MaxOutputTokens = 1;

        Assert.Equal("a|b", (await updates.ToChatResponseAsync()).Text);
        Assert.Equal(7, scheduler.Only.Request.MaxOutputTokens);
    }

    // 2. GetService.

    [Fact]
    public async Task GetService_AfterTheStart_AnswersWithMetadataSchedulerCodecEngineAndItself()
    {
        using FakeScheduler scheduler = FakeScheduler.Saying("x");
        using SchedulingChatClient client = new(scheduler);
        await client.AskAsync();

        ChatClientMetadata metadata = client.GetRequiredService<ChatClientMetadata>();
        Assert.Equal("kvscheduling", metadata.ProviderName);
        Assert.Equal("fake-model", metadata.DefaultModelId);
        Assert.Same(scheduler, client.GetService<IKvScheduler>());
        Assert.Same(scheduler.Codec, client.GetService<ITextCodec>());
        Assert.Equal("fake", client.GetService<EngineDescription>()?.EngineName);
        Assert.Same(client, client.GetService<IChatClient>());
        Assert.Same(client, client.GetService<SchedulingChatClient>());
        Assert.Null(client.GetService(typeof(string)));
    }

    [Fact]
    public void GetService_NullTypeOrAnyKey_ThrowsOrGivesNull()
    {
        using SchedulingChatClient client = new(new FakeScheduler());

        Assert.Throws<ArgumentNullException>(() => client.GetService(null!));
        Assert.Null(client.GetService(typeof(ChatClientMetadata), "key"));
        Assert.Null(client.GetService(typeof(IChatClient), "key"));
    }

    [Fact]
    public void GetService_BeforeTheStart_StillHasMetadata()
    {
        using SchedulingChatClient client = new(new FakeScheduler());

        Assert.Equal("kvscheduling", client.GetRequiredService<ChatClientMetadata>().ProviderName);
        Assert.Null(client.GetService<EngineDescription>());
        Assert.Null(client.GetService<ITextCodec>());
    }

    // 3. Argument checks are eager.

    [Fact]
    public void GetStreamingResponseAsync_WrongArguments_ThrowsBeforeEnumeration()
    {
        using FakeScheduler scheduler = new();
        using SchedulingChatClient client = new(scheduler);

        Assert.Throws<ArgumentNullException>(() => { client.GetStreamingResponseAsync((IEnumerable<ChatMessage>)null!); });
        Assert.Throws<ArgumentException>("MaxOutputTokens", () => { _ = client.AskAsync(new ChatOptions { MaxOutputTokens = 0 }); });
        Assert.Throws<ArgumentException>("TopP", () => { _ = client.GetResponseAsync(ChatTestExtensions.Hello, new ChatOptions { TopP = 0 }); });
        Assert.Empty(scheduler.Events);
    }

    [Fact]
    public void GetStreamingResponseAsync_NeverEnumerated_TakesNoPlace()
    {
        using FakeScheduler scheduler = new();
        using SchedulingChatClient client = new(scheduler);

        client.GetStreamingResponseAsync(ChatTestExtensions.Hello);

        Assert.Equal(0, scheduler.Door.Requests);
        Assert.Empty(scheduler.Events);
    }

    // 4. Non-streaming is streaming folded.

    [Fact]
    public async Task GetResponseAsync_SameAnswer_EqualsTheFoldedStream()
    {
        using FakeScheduler scheduler = FakeScheduler.Saying("""Héllo 😀 <tool_call>{"name":"f","arguments":{"a":1}}</tool_call>""");
        using SchedulingChatClient client = new(scheduler, timeProvider: new FixedTimeProvider(DateTimeOffset.UnixEpoch));

        ChatResponse whole = await client.AskAsync(ChatTestExtensions.WithTools("f"));
        ChatResponse folded = (await client.ReadAsync(ChatTestExtensions.WithTools("f"))).ToChatResponse();

        Assert.Equal(2, scheduler.Generations.Count);
        Assert.Equal("Héllo 😀", whole.Text);
        Assert.Equal(ChatTestExtensions.Describe(folded.Messages.Single().Contents), ChatTestExtensions.Describe(whole.Messages.Single().Contents));
        Assert.Equal(folded.FinishReason, whole.FinishReason);
        Assert.Equal(folded.ModelId, whole.ModelId);
        Assert.Equal(folded.CreatedAt, whole.CreatedAt);
        Assert.Equal(folded.Usage!.TotalTokenCount, whole.Usage!.TotalTokenCount);
        Assert.Equal(folded.GetSchedulingReport(), whole.GetSchedulingReport());
    }

    // 5. The update protocol.

    [Fact]
    public async Task GetStreamingResponseAsync_AnyAnswer_KeepsTheUpdateProtocol()
    {
        FakeCodec codec = new();
        using FakeScheduler scheduler = new(codec, generation => Task.Run(async () =>
        {
            foreach (int token in codec.Encode("Hello there"))
            {
                generation.Emit(token);
                await Task.Yield();
            }

            generation.End();
        }));
        DateTimeOffset now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
        using SchedulingChatClient client = new(scheduler, timeProvider: new FixedTimeProvider(now));

        List<ChatResponseUpdate> updates = await client.ReadAsync();

        Assert.All(updates, update =>
        {
            Assert.Equal(scheduler.Only.Id, update.ResponseId);
            Assert.Equal(ChatRole.Assistant, update.Role);
            Assert.Equal(now, update.CreatedAt);
            Assert.Equal("fake-model", update.ModelId);
            Assert.Null(update.ConversationId);
        });
        Assert.All(updates[..^1], update => Assert.Equal(scheduler.Only.Id, update.MessageId));
        Assert.All(updates[..^2], static update => Assert.Null(update.FinishReason));
        Assert.All(updates[..^2], static update => Assert.NotEmpty(update.Text));
        Assert.Equal(ChatFinishReason.Stop, updates[^2].FinishReason);

        ChatResponseUpdate summary = updates[^1];
        Assert.Null(summary.MessageId);
        Assert.Null(summary.FinishReason);
        Assert.NotNull(summary.GetSchedulingReport());
        Assert.All(updates[..^1], static update => Assert.Null(update.GetSchedulingReport()));
        UsageContent usage = Assert.Single(updates.SelectMany(static update => update.Contents).OfType<UsageContent>());
        Assert.Same(usage, Assert.Single(summary.Contents));
    }

    [Fact]
    public async Task GetResponseAsync_UsageAndReport_AreOnTheResponseOnce()
    {
        using FakeScheduler scheduler = FakeScheduler.Saying("four");
        using SchedulingChatClient client = new(scheduler);

        ChatResponse response = await client.AskAsync();

        int prompt = scheduler.Only.Request.PromptTokens.Length;
        Assert.Equal(prompt, response.Usage!.InputTokenCount);
        Assert.Equal(4, response.Usage.OutputTokenCount);
        Assert.Equal(prompt + 4, response.Usage.TotalTokenCount);
        Assert.Equal(2, response.Usage.CachedInputTokenCount);
        ChatMessage message = Assert.Single(response.Messages);
        Assert.Equal("four", Assert.IsType<TextContent>(Assert.Single(message.Contents)).Text);
        Assert.Null(message.AdditionalProperties);
        Assert.Equal("fake-0", response.GetSchedulingReport()?.EngineInstance);
    }

    // 6. No conversation is promised.

    [Fact]
    public async Task GetResponseAsync_ConversationId_IsRefusedAndNeverSet()
    {
        using FakeScheduler scheduler = FakeScheduler.Saying("x");
        using SchedulingChatClient client = new(scheduler);

        NotSupportedException error = Assert.Throws<NotSupportedException>(() => { _ = client.AskAsync(new ChatOptions { ConversationId = "c1" }); });

        Assert.Contains("ConversationId", error.Message, StringComparison.Ordinal);
        Assert.Null((await client.AskAsync()).ConversationId);
    }

    // 7. A response format is honoured or refused.

    [Fact]
    public async Task GetResponseAsync_JsonWhereTheEngineCannotConstrain_IsRefusedByName()
    {
        using FakeScheduler scheduler = new();
        using SchedulingChatClient client = new(scheduler);

        ChatOptions options = new() { ResponseFormat = ChatResponseFormat.Json };

        NotSupportedException error = await Assert.ThrowsAsync<NotSupportedException>(() => client.AskAsync(options));

        Assert.Contains("'fake'", error.Message, StringComparison.Ordinal);
        Assert.Empty(scheduler.Events);
    }

    [Fact]
    public async Task GetResponseAsync_JsonWhereTheEngineConstrains_PassesTheSchema()
    {
        using FakeScheduler scheduler = new(answer: static generation => generation.End()) { SupportsGuidance = true };
        using SchedulingChatClient client = new(scheduler);
        JsonElement schema = JsonDocument.Parse("""{"type":"integer"}""").RootElement;

        await client.AskAsync(new ChatOptions { ResponseFormat = ChatResponseFormat.Json });
        await client.AskAsync(new ChatOptions { ResponseFormat = ChatResponseFormat.ForJsonSchema(schema) });
        await client.AskAsync(new ChatOptions { ResponseFormat = ChatResponseFormat.Text });

        Assert.Equal(["{}", """{"type":"integer"}""", null], scheduler.Generations.Select(static generation => generation.Request.Constraint?.Text));
    }

    [Theory]
    [InlineData(0.5f, null)]
    [InlineData(null, -1f)]
    public async Task GetResponseAsync_PenaltyWhereTheEngineHasNone_IsRefusedByName(float? frequency, float? presence)
    {
        using FakeScheduler scheduler = new() { SupportsPenalties = false };
        using SchedulingChatClient client = new(scheduler);
        ChatOptions options = new() { FrequencyPenalty = frequency, PresencePenalty = presence };

        NotSupportedException error = await Assert.ThrowsAsync<NotSupportedException>(() => client.AskAsync(options));

        Assert.Contains("'fake'", error.Message, StringComparison.Ordinal);
        Assert.Contains("ChatOptions.FrequencyPenalty", error.Message, StringComparison.Ordinal);
        Assert.Empty(scheduler.Events);
    }

    // 8. Tools are declared, never invoked.

    [Fact]
    public async Task GetResponseAsync_InvocableTool_IsOfferedAndNotInvoked()
    {
        using FakeScheduler scheduler = FakeScheduler.Saying("""<tool_call>{"name":"boom","arguments":{"a":1}}</tool_call>""");
        using SchedulingChatClient client = new(scheduler);
        bool wasInvoked = false;
        AIFunction tool = AIFunctionFactory.Create((int a) => wasInvoked = a > 0, "boom", "Explodes.");

        ChatResponse response = await client.AskAsync(new ChatOptions { Tools = [tool] });

        FunctionCallContent call = Assert.Single(response.Calls());
        Assert.Equal("boom", call.Name);
        Assert.Equal(1, ((JsonElement)call.Arguments!["a"]!).GetInt32());
        Assert.Null(call.Exception);
        Assert.Equal(ChatFinishReason.ToolCalls, response.FinishReason);
        Assert.False(wasInvoked);
        JsonElement offered = JsonDocument.Parse(scheduler.Codec.Rendered.Single().Tools!).RootElement[0];
        JsonElement function = offered.GetProperty("function");
        Assert.Equal("function", offered.GetProperty("type").GetString());
        Assert.Equal("boom", function.GetProperty("name").GetString());
        Assert.Equal("Explodes.", function.GetProperty("description").GetString());
        Assert.Equal("integer", function.GetProperty("parameters").GetProperty("properties").GetProperty("a").GetProperty("type").GetString());
    }

    [Fact]
    public async Task GetResponseAsync_CallWithBadArguments_CarriesTheException()
    {
        using FakeScheduler scheduler = FakeScheduler.Saying("""<tool_call>{"name":"f","arguments":{a: 1}}</tool_call>""");
        using SchedulingChatClient client = new(scheduler);

        ChatResponse response = await client.AskAsync(ChatTestExtensions.WithTools("f"));

        FunctionCallContent call = Assert.Single(response.Calls());
        Assert.NotNull(call.Exception);
        Assert.Equal("f", call.Name);
        Assert.Equal(ChatFinishReason.ToolCalls, response.FinishReason);
    }

    // 9. RawRepresentationFactory.

    [Fact]
    public async Task GetResponseAsync_RawRequest_IsAskedForOnceAndGoesBeforeTheOptions()
    {
        using FakeScheduler scheduler = FakeScheduler.Saying("x");
        using SchedulingChatClient client = new(scheduler);
        int asked = 0;
        ChatOptions options = new()
        {
            MaxOutputTokens = 5,
            Temperature = 0.9f,
            RawRepresentationFactory = asking =>
            {
                asked++;
                Assert.Same(client, asking);
                return new GenerationRequest
                {
                    PromptTokens = default,
                    Sampling = new SamplingSettings { TopK = 3 },
                    StopTokens = [7],
                    IgnoreEndTokens = true,
                    Hints = new SchedulingHints { Priority = 4 },
                };
            },
        };
        options.WithScheduling(new SchedulingHints { Priority = 1, Tenant = "t" });

        await client.AskAsync(options);

        GenerationRequest request = scheduler.Only.Request;
        Assert.Equal(1, asked);
        Assert.Equal(new SamplingSettings { TopK = 3 }, request.Sampling);
        Assert.Equal([7], request.StopTokens);
        Assert.True(request.IgnoreEndTokens);
        Assert.Equal(5, request.MaxOutputTokens);
        Assert.Equal(new SchedulingHints { Priority = 4, Tenant = "t" }, request.Hints);
    }

    [Fact]
    public async Task GetResponseAsync_RawRequestForAnotherClientOrWithAPrompt_IsIgnoredOrRefused()
    {
        using FakeScheduler scheduler = FakeScheduler.Saying("x");
        using SchedulingChatClient client = new(scheduler);

        await client.AskAsync(new ChatOptions { MaxOutputTokens = 5, RawRepresentationFactory = static _ => "of another provider" });

        Assert.Equal(5, scheduler.Only.Request.MaxOutputTokens);
        Assert.Throws<ArgumentException>(nameof(ChatOptions.RawRepresentationFactory), () =>
        {
            _ = client.AskAsync(new ChatOptions { RawRepresentationFactory = static _ => new GenerationRequest { PromptTokens = new[] { 1 } } });
        });
    }

    // 10. Additional properties.

    [Fact]
    public async Task GetResponseAsync_HintsAndUnknownProperties_AreReadAndIgnored()
    {
        using FakeScheduler scheduler = FakeScheduler.Saying("x");
        using SchedulingChatClient client = new(scheduler);
        ChatOptions options = new ChatOptions { AdditionalProperties = new() { ["num_ctx"] = 7, ["whatever"] = new object() } }
            .WithScheduling(new SchedulingHints { Tenant = "acme", Deadline = TimeSpan.FromSeconds(2) });

        await client.AskAsync(options.Clone());

        Assert.Equal(new SchedulingHints { Tenant = "acme", Deadline = TimeSpan.FromSeconds(2) }, scheduler.Only.Request.Hints);
    }

    // 11. Errors are thrown, refusals before the first update.

    [Fact]
    public async Task GetStreamingResponseAsync_LineIsFull_ThrowsAtTheFirstUpdateBeforeAnyWork()
    {
        using FakeScheduler scheduler = new() { Door = new Door(0, 0) };
        using SchedulingChatClient client = new(scheduler);
        await using IAsyncEnumerator<ChatResponseUpdate> updates = client.GetStreamingResponseAsync(ChatTestExtensions.Hello).GetAsyncEnumerator();

        SchedulingRejectedException refusal = await Assert.ThrowsAsync<SchedulingRejectedException>(async () => await updates.MoveNextAsync());

        Assert.Equal(SchedulingRejection.QueueFull, refusal.Reason);
        Assert.Equal(TimeSpan.FromSeconds(3), refusal.RetryAfter);
        Assert.Empty(scheduler.Codec.Rendered);
        Assert.Empty(scheduler.Codec.Encoded);
    }

    [Fact]
    public async Task GetResponseAsync_AnyRequest_TakesItsPlaceBeforeItIsRenderedAndTokenized()
    {
        using FakeScheduler scheduler = FakeScheduler.Saying("x", new FakeCodec());
        using SchedulingChatClient client = new(scheduler);

        await client.AskAsync();

        Assert.Equal(["reserve after 0 renderings and 0 encodings", "submit"], scheduler.Events);
    }

    [Theory]
    [InlineData(SchedulingRejection.TooLong)]
    [InlineData(SchedulingRejection.DeadlineUnreachable)]
    [InlineData(SchedulingRejection.ShuttingDown)]
    public async Task GetResponseAsync_RefusedAtSubmission_PassesTheRefusalOnAndGivesThePlaceBack(SchedulingRejection reason)
    {
        SchedulingRejectedException refusal = new(reason, "refused");
        using FakeScheduler scheduler = new() { SubmitError = refusal };
        using SchedulingChatClient client = new(scheduler);

        Assert.Same(refusal, await Assert.ThrowsAsync<SchedulingRejectedException>(() => client.AskAsync()));
        Assert.Equal(0, scheduler.Door.Requests);
    }

    [Fact]
    public async Task GetResponseAsync_TemplateOrContentFails_GivesThePlaceBack()
    {
        using FakeScheduler scheduler = new(new FakeCodec { Render = static (_, _) => throw new NotSupportedException("The template needs 'macro'.") });
        using SchedulingChatClient client = new(scheduler);

        ChatMessage image = new(ChatRole.User, [new DataContent(new byte[] { 1 }, "image/png")]);

        await Assert.ThrowsAsync<NotSupportedException>(() => client.AskAsync());
        await Assert.ThrowsAsync<NotSupportedException>(() => client.GetResponseAsync([image]));
        await Assert.ThrowsAsync<ArgumentException>(() => client.GetResponseAsync([]));

        Assert.Equal(0, scheduler.Door.Requests);
        Assert.Empty(scheduler.Generations);
    }

    [Fact]
    public async Task GetResponseAsync_EngineFails_PassesTheFaultOn()
    {
        EngineFaultException fault = new("step failed");
        FakeCodec codec = new();
        using FakeScheduler scheduler = new(codec, generation =>
        {
            generation.Emit(codec.Encode("half"));
            generation.Fail(fault);
        });
        using SchedulingChatClient client = new(scheduler);

        Assert.Same(fault, await Assert.ThrowsAsync<EngineFaultException>(() => client.AskAsync()));
    }

    [Fact]
    public async Task GetResponseAsync_CallerCancels_ThrowsWithTheCallersToken()
    {
        using CancellationTokenSource source = new();
        using FakeScheduler scheduler = new(answer: _ => source.Cancel());
        using SchedulingChatClient client = new(scheduler);

        OperationCanceledException error =
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => client.GetResponseAsync(ChatTestExtensions.Hello, null, source.Token));

        Assert.Equal(source.Token, error.CancellationToken);
        Assert.True(scheduler.Only.WasCancelled);
    }

    [Fact]
    public async Task GetResponseAsync_CancelledBefore_TakesNoPlace()
    {
        using FakeScheduler scheduler = new();
        using SchedulingChatClient client = new(scheduler);

        CancellationToken cancelled = new(canceled: true);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => client.GetResponseAsync(ChatTestExtensions.Hello, null, cancelled));

        Assert.Empty(scheduler.Events);
    }

    [Fact]
    public async Task GetStreamingResponseAsync_EnumeratorDisposedEarly_CancelsTheGeneration()
    {
        FakeCodec codec = new();
        using FakeScheduler scheduler = new(codec, generation => generation.Emit(codec.Encode("first")));
        using SchedulingChatClient client = new(scheduler);

        await foreach (ChatResponseUpdate update in client.GetStreamingResponseAsync(ChatTestExtensions.Hello))
        {
            Assert.Equal("first", update.Text);
            break;
        }

        Assert.True(scheduler.Only.WasCancelled);
    }

    // 12. Dispose.

    [Fact]
    public async Task Dispose_TwiceWhileARequestRuns_LetsItFinishRefusesNewOnesAndLeavesTheSchedulerAlone()
    {
        FakeCodec codec = new();
        using FakeScheduler scheduler = new(codec, generation => generation.Emit(codec.Encode("a")));
        SchedulingChatClient client = new(scheduler);
        Task<ChatResponse> running = client.AskAsync();

        client.Dispose();
        client.Dispose();
        scheduler.Only.Emit(codec.Encode("b"));
        scheduler.Only.End();

        Assert.Equal("ab", (await running).Text);
        Assert.False(scheduler.WasDisposed);
        Assert.Throws<ObjectDisposedException>(() => { client.GetStreamingResponseAsync(ChatTestExtensions.Hello); });
        Assert.Throws<ObjectDisposedException>(() => { _ = client.AskAsync(); });
    }

    // 13. The caller's context is never captured.

    [Fact]
    public async Task GetResponseAsync_CallerWithASynchronizationContext_SendsNothingBackToIt()
    {
        FakeCodec codec = new();
        using FakeScheduler scheduler = new(codec, generation => Task.Run(async () =>
        {
            for (int i = 0; i < 20; i++)
            {
                await Task.Delay(1);
                generation.Emit('a');
            }

            generation.End();
        }));
        using SchedulingChatClient client = new(scheduler);
        CountingSynchronizationContext context = new();
        Task<ChatResponse> response = Task.Run(() =>
        {
            SynchronizationContext.SetSynchronizationContext(context);
            try
            {
                return client.AskAsync();
            }
            finally
            {
                SynchronizationContext.SetSynchronizationContext(null);
            }
        });

        Assert.Equal(new string('a', 20), (await response).Text);
        Assert.Equal(0, context.Posts);
    }

    // 14. Prompts and outputs reach no log: errors, which are logged, never quote them.

    [Fact]
    public async Task GetResponseAsync_AnythingFails_ErrorsDoNotQuoteTheConversation()
    {
        const string secret = "hunter2";
        using FakeScheduler scheduler = FakeScheduler.Saying("<tool_call>{\"name\":\"f\",\"arguments\":{" + secret + "}}</tool_call>");
        using SchedulingChatClient client = new(scheduler);
        ChatMessage image = new(ChatRole.User, [new TextContent(secret), new DataContent(new byte[] { 1 }, "image/png")]);
        ChatOptions options = ChatTestExtensions.WithTools("f");

        NotSupportedException unsupported = await Assert.ThrowsAsync<NotSupportedException>(() => client.GetResponseAsync([image]));
        ChatOptions wrong = new() { AdditionalProperties = new() { ["kv_priority"] = secret } };
        ArgumentException malformed = Assert.Throws<ArgumentException>(() => { _ = client.AskAsync(wrong); });
        FunctionCallContent call = Assert.Single((await client.AskAsync(options)).Calls());

        Assert.DoesNotContain(secret, unsupported.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(secret, malformed.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(secret, call.Exception!.ToString(), StringComparison.Ordinal);
    }

    // 15. Composes like every middleware.

    [Fact]
    public async Task DelegatingChatClient_AroundTheClient_SeesServicesOptionsAndDisposal()
    {
        using FakeScheduler scheduler = FakeScheduler.Saying("x");
        LimitingChatClient outer = new(new SchedulingChatClient(scheduler));

        Assert.Equal("x", (await outer.AskAsync(new ChatOptions { MaxOutputTokens = 100 })).Text);
        Assert.Equal(10, scheduler.Only.Request.MaxOutputTokens);
        Assert.Same(scheduler, outer.GetService<IKvScheduler>());
        Assert.Equal("fake-model", outer.GetRequiredService<ChatClientMetadata>().DefaultModelId);

        outer.Dispose();
        Assert.False(scheduler.WasDisposed);
        Assert.Throws<ObjectDisposedException>(() => { _ = outer.AskAsync(); });
    }

    private static string Snapshot(ChatOptions options, List<ChatMessage> messages) => string.Join(
        '|',
        options.Instructions,
        string.Join(',', options.StopSequences!),
        options.Tools!.Count,
        options.ToolMode,
        string.Join(',', options.AdditionalProperties!),
        string.Join(',', messages.Select(static message => message.Role + message.Text + message.Contents.Count)));

    private sealed class LimitingChatClient(IChatClient inner) : DelegatingChatClient(inner)
    {
        public override Task<ChatResponse> GetResponseAsync(
            IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
        {
            ChatOptions limited = options?.Clone() ?? new ChatOptions();
            limited.MaxOutputTokens = 10;
            return base.GetResponseAsync(messages, limited, cancellationToken);
        }
    }
}
