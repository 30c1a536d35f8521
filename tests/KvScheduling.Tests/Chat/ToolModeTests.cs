using Microsoft.Extensions.AI;

namespace KvScheduling.Tests.Chat;

public class ToolModeTests
{
    private const string TwoCalls = """<tool_call>{"name":"f","arguments":{}}</tool_call><tool_call>{"name":"g","arguments":{}}</tool_call>""";

    [Fact]
    public async Task GetResponseAsync_NoToolsOffered_DeliversCallSyntaxAsText()
    {
        using FakeScheduler scheduler = FakeScheduler.Saying(TwoCalls);
        using SchedulingChatClient client = new(scheduler);

        ChatResponse response = await client.AskAsync();

        Assert.Equal(TwoCalls, response.Text);
        Assert.Equal(ChatFinishReason.Stop, response.FinishReason);
        Assert.Null(scheduler.Codec.Rendered.Single().Tools);
    }

    [Fact]
    public async Task GetResponseAsync_ModeNone_OffersNoTools()
    {
        using FakeScheduler scheduler = FakeScheduler.Saying(TwoCalls);
        using SchedulingChatClient client = new(scheduler);
        ChatOptions options = ChatTestExtensions.WithTools("f");
        options.ToolMode = ChatToolMode.None;

        ChatResponse response = await client.AskAsync(options);

        Assert.Null(scheduler.Codec.Rendered.Single().Tools);
        Assert.Empty(response.Calls());
    }

    [Theory]
    [InlineData(null, 2)]
    [InlineData(true, 2)]
    [InlineData(false, 1)]
    public async Task GetResponseAsync_AllowMultipleToolCalls_EndsAfterTheFirstWhenFalse(bool? allow, int expected)
    {
        FakeCodec codec = new();
        using FakeScheduler scheduler = new(codec, generation =>
        {
            generation.Emit(codec.Encode(TwoCalls));
            if (allow != false)
            {
                generation.End();
            }
        });
        using SchedulingChatClient client = new(scheduler);
        ChatOptions options = ChatTestExtensions.WithTools("f", "g");
        options.AllowMultipleToolCalls = allow;

        ChatResponse response = await client.AskAsync(options);

        Assert.Equal(expected, response.Calls().Count);
        Assert.Equal(expected, response.Calls().Select(static call => call.CallId).Distinct().Count());
        Assert.Equal(ChatFinishReason.ToolCalls, response.FinishReason);
        Assert.Equal(allow == false, scheduler.Only.WasFinished);
        Assert.Empty(response.Text);
    }

    [Theory]
    [InlineData(FakeCodec.HermesTemplate, "<tool_call>\n{\"name\": \"", "f\", \"arguments\": {\"a\": 1}}\n</tool_call>")]
    [InlineData(FakeCodec.LlamaTemplate, "{\"name\": \"", "f\", \"parameters\": {\"a\": 1}}")]
    [InlineData(FakeCodec.MistralTemplate, "[TOOL_CALLS][{\"name\": \"", "f\", \"arguments\": {\"a\": 1}}]")]
    [InlineData(FakeCodec.MistralTemplate + "[ARGS]", "[TOOL_CALLS]", "f[ARGS]{\"a\": 1}")]
    public async Task GetResponseAsync_RequireAny_OpensTheCallInThePrompt(string template, string opening, string answer)
    {
        FakeCodec codec = new() { ChatTemplate = template };
        using FakeScheduler scheduler = FakeScheduler.Saying(answer, codec);
        using SchedulingChatClient client = new(scheduler);
        ChatOptions options = ChatTestExtensions.WithTools("f", "g");
        options.ToolMode = ChatToolMode.RequireAny;

        ChatResponse response = await client.AskAsync(options);

        Assert.Contains(codec.Encoded, text => text.EndsWith("assistant:" + opening, StringComparison.Ordinal));
        Assert.Equal("call:f(a=1)", ChatTestExtensions.Describe(response.Messages.Single().Contents));
        Assert.Equal(ChatFinishReason.ToolCalls, response.FinishReason);
        Assert.Equal(codec.Encode(answer).Length, response.Usage!.OutputTokenCount);
    }

    [Theory]
    [InlineData(FakeCodec.HermesTemplate, "<tool_call>\n{\"name\": \"g\", \"arguments\":", " {\"a\": 1}}\n</tool_call>")]
    [InlineData(FakeCodec.LlamaTemplate, "{\"name\": \"g\", \"parameters\":", " {\"a\": 1}}")]
    [InlineData(FakeCodec.MistralTemplate, "[TOOL_CALLS][{\"name\": \"g\", \"arguments\":", "{\"a\": 1}}]")]
    [InlineData(FakeCodec.MistralTemplate + "[ARGS]", "[TOOL_CALLS]g[ARGS]", "{\"a\": 1}")]
    public async Task GetResponseAsync_RequireSpecific_OpensTheCallOfThatTool(string template, string opening, string answer)
    {
        FakeCodec codec = new() { ChatTemplate = template };
        using FakeScheduler scheduler = FakeScheduler.Saying(answer, codec);
        using SchedulingChatClient client = new(scheduler);
        ChatOptions options = ChatTestExtensions.WithTools("f", "g");
        options.ToolMode = ChatToolMode.RequireSpecific("g");

        ChatResponse response = await client.AskAsync(options);

        Assert.Contains(codec.Encoded, text => text.EndsWith("assistant:" + opening, StringComparison.Ordinal));
        Assert.Equal("call:g(a=1)", ChatTestExtensions.Describe(response.Messages.Single().Contents));
    }

    [Fact]
    public async Task GetResponseAsync_RequireAnyOfOneTool_NamesIt()
    {
        using FakeScheduler scheduler = FakeScheduler.Saying(" {}}");
        using SchedulingChatClient client = new(scheduler);
        ChatOptions options = ChatTestExtensions.WithTools("only");
        options.ToolMode = ChatToolMode.RequireAny;

        Assert.Equal("only", Assert.Single((await client.AskAsync(options)).Calls()).Name);
    }

    [Fact]
    public async Task GetResponseAsync_RequiredCallCutByTheLimit_DeliversItsTextWithItsOpening()
    {
        using FakeScheduler scheduler = FakeScheduler.Saying(" {\"a\": 1", reason: GenerationFinishReason.Length);
        using SchedulingChatClient client = new(scheduler);
        ChatOptions options = ChatTestExtensions.WithTools("f");
        options.ToolMode = ChatToolMode.RequireSpecific("f");

        ChatResponse response = await client.AskAsync(options);

        Assert.Equal("<tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\": 1", response.Text);
        Assert.Equal(ChatFinishReason.Length, response.FinishReason);
        Assert.Empty(response.Calls());
    }

    [Fact]
    public void GetResponseAsync_RequiredToolThatIsNotOffered_IsRefused()
    {
        using SchedulingChatClient client = new(new FakeScheduler());
        ChatOptions options = ChatTestExtensions.WithTools("f");
        options.ToolMode = ChatToolMode.RequireSpecific("g");

        Assert.Contains("'g'", Assert.Throws<ArgumentException>("ToolMode", () => { _ = client.AskAsync(options); }).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>("ToolMode", () => { _ = client.AskAsync(new ChatOptions { ToolMode = ChatToolMode.RequireAny }); });
    }

    [Fact]
    public void GetResponseAsync_ToolThatIsNoFunction_IsRefusedByName()
    {
        using SchedulingChatClient client = new(new FakeScheduler());

        ChatOptions options = new() { Tools = [new HostedWebSearchTool()] };

        NotSupportedException error = Assert.Throws<NotSupportedException>(() => { _ = client.AskAsync(options); });

        Assert.Contains(nameof(HostedWebSearchTool), error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("{{ messages }}")]
    [InlineData("{{ tools }} in a syntax of its own")]
    public async Task GetResponseAsync_TemplateThatDoesNotTellTheSyntax_RefusesTools(string? template)
    {
        FakeCodec codec = new() { ChatTemplate = template };
        using FakeScheduler scheduler = FakeScheduler.Saying("x", codec);
        using SchedulingChatClient client = new(scheduler);

        NotSupportedException error = await Assert.ThrowsAsync<NotSupportedException>(() => client.AskAsync(ChatTestExtensions.WithTools("f")));

        Assert.Contains("fake-model", error.Message, StringComparison.Ordinal);
        Assert.Contains("kv_tool_call_format", error.Message, StringComparison.Ordinal);
        Assert.Equal("x", (await client.AskAsync()).Text);
    }

    [Theory]
    [InlineData(FakeCodec.HermesTemplate, ToolCallFormat.Hermes)]
    [InlineData(FakeCodec.LlamaTemplate, ToolCallFormat.Llama3Json)]
    [InlineData("{{ tools }} <|start_header_id|>", ToolCallFormat.Llama3Json)]
    [InlineData(FakeCodec.MistralTemplate, ToolCallFormat.Mistral)]
    public void Detect_KnownTemplates_PicksTheirSyntax(string template, ToolCallFormat expected) => Assert.Equal(expected, ToolCallSyntax.Detect(template));

    [Fact]
    public async Task GetResponseAsync_FormatByOptionAndByRequest_RequestWins()
    {
        const string llama = """{"name":"f","parameters":{}}""";
        using FakeScheduler scheduler = FakeScheduler.Saying(llama);
        using SchedulingChatClient client = new(scheduler, ToolCallFormat.Llama3Json);
        ChatOptions options = ChatTestExtensions.WithTools("f");

        Assert.Single((await client.AskAsync(options)).Calls());
        options.AdditionalProperties = new() { ["kv_tool_call_format"] = "none" };
        Assert.Equal(llama, (await client.AskAsync(options)).Text);
        options.AdditionalProperties = new() { ["kv_tool_call_format"] = ToolCallFormat.Hermes };
        Assert.Equal(llama, (await client.AskAsync(options)).Text);
        options.AdditionalProperties = new() { ["kv_tool_call_format"] = "yaml" };
        ArgumentException error = Assert.Throws<ArgumentException>("kv_tool_call_format", () => { _ = client.AskAsync(options); });
        Assert.Contains("Hermes", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task GetResponseAsync_RequiredCallWithFormatNone_IsRefused()
    {
        using SchedulingChatClient client = new(new FakeScheduler(), ToolCallFormat.None);
        ChatOptions options = ChatTestExtensions.WithTools("f");
        options.ToolMode = ChatToolMode.RequireAny;

        await Assert.ThrowsAsync<NotSupportedException>(() => client.AskAsync(options));
    }

    [Fact]
    public void GetResponseAsync_ToolsWithAJsonFormat_IsRefused()
    {
        using SchedulingChatClient client = new(new FakeScheduler { SupportsGuidance = true });
        ChatOptions options = ChatTestExtensions.WithTools("f");
        options.ResponseFormat = ChatResponseFormat.Json;

        Assert.Throws<NotSupportedException>(() => { _ = client.AskAsync(options); });
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task GetResponseAsync_MarkerIsASpecialToken_IsSeenWhetherTheDecoderHidesItOrNot(bool isHidden)
    {
        FakeCodec codec = new() { ChatTemplate = FakeCodec.MistralTemplate };
        codec.AddSpecial("[TOOL_CALLS]", isHidden);
        codec.AddSpecial("[ARGS]", isHidden);
        using FakeScheduler scheduler = FakeScheduler.Saying("Now: [TOOL_CALLS]f[ARGS]{\"a\":1}", codec);
        using SchedulingChatClient client = new(scheduler);

        ChatResponse response = await client.AskAsync(ChatTestExtensions.WithTools("f"));

        Assert.Equal("text:Now:|call:f(a=1)", ChatTestExtensions.Describe(response.Messages.Single().Contents));
    }

    [Fact]
    public async Task GetStreamingResponseAsync_TextBeforeACall_IsDeliveredBeforeTheCallIsComplete()
    {
        FakeCodec codec = new();
        using FakeScheduler scheduler = new(codec, generation => generation.Emit(codec.Encode("Wait. <tool_call>{\"name\"")));
        using SchedulingChatClient client = new(scheduler);
        ChatOptions options = ChatTestExtensions.WithTools("f");
        await using IAsyncEnumerator<ChatResponseUpdate> updates = client.GetStreamingResponseAsync(ChatTestExtensions.Hello, options).GetAsyncEnumerator();

        Assert.True(await updates.MoveNextAsync());
        Assert.Equal("Wait.", updates.Current.Text);

        scheduler.Only.Emit(codec.Encode(":\"f\",\"arguments\":{}}"));
        Assert.True(await updates.MoveNextAsync());
        Assert.Equal("f", Assert.IsType<FunctionCallContent>(Assert.Single(updates.Current.Contents)).Name);
    }
}
