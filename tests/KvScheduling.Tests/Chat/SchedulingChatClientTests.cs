using Microsoft.Extensions.AI;

namespace KvScheduling.Tests.Chat;

public class SchedulingChatClientTests
{
    [Theory]
    [InlineData(GenerationFinishReason.Stop, "stop")]
    [InlineData(GenerationFinishReason.Length, "length")]
    public async Task GetResponseAsync_HowTheGenerationEnds_IsTheFinishReason(GenerationFinishReason reason, string expected)
    {
        using FakeScheduler scheduler = FakeScheduler.Saying("text", reason: reason);
        using SchedulingChatClient client = new(scheduler);

        Assert.Equal(expected, (await client.AskAsync()).FinishReason?.Value);
    }

    [Fact]
    public async Task GetStreamingResponseAsync_CharactersSplitOverTokens_AreNeverCut()
    {
        FakeCodec codec = new();
        int[] tokens = [codec.Add(0xF0, 0x9F), codec.Add(0x98), codec.Add(0x80, (byte)'h', 0xC3), codec.Add(0xA9)];
        using FakeScheduler scheduler = new(codec, generation => generation.Emit(tokens[0]));
        using SchedulingChatClient client = new(scheduler);
        List<string> texts = [];

        await using IAsyncEnumerator<string> enumerator = client.StreamTextAsync("Hello").GetAsyncEnumerator();
        ValueTask<bool> next = enumerator.MoveNextAsync();
        Assert.False(next.IsCompleted);
        scheduler.Only.Emit(tokens[1..]);
        scheduler.Only.End();
        while (await next)
        {
            texts.Add(enumerator.Current);
            next = enumerator.MoveNextAsync();
        }

        Assert.Equal("😀hé", string.Concat(texts));
        Assert.All(texts, static text => Assert.False(char.IsHighSurrogate(text[^1]) || char.IsLowSurrogate(text[0])));
    }

    [Fact]
    public async Task GetStreamingResponseAsync_SlowReader_GetsWhatHasComeInOneUpdate()
    {
        FakeCodec codec = new();
        using FakeScheduler scheduler = FakeScheduler.Saying("all of this at once", codec);
        using SchedulingChatClient client = new(scheduler);

        List<ChatResponseUpdate> updates = await client.ReadAsync();

        Assert.Equal("all of this at once", updates[0].Text);
        Assert.Equal(3, updates.Count);
    }

    [Fact]
    public async Task GetResponseAsync_EmptyAnswer_HasFinishReasonAndUsage()
    {
        using FakeScheduler scheduler = FakeScheduler.Saying("");
        using SchedulingChatClient client = new(scheduler);

        ChatResponse response = await client.AskAsync();

        Assert.Equal("", response.Text);
        Assert.Equal(ChatFinishReason.Stop, response.FinishReason);
        Assert.Equal(0, response.Usage!.OutputTokenCount);
    }

    [Fact]
    public async Task GetStreamingResponseAsync_EnumeratedTwice_MakesTwoRequests()
    {
        using FakeScheduler scheduler = FakeScheduler.Saying("x");
        using SchedulingChatClient client = new(scheduler);
        IAsyncEnumerable<ChatResponseUpdate> updates = client.GetStreamingResponseAsync(ChatTestExtensions.Hello);

        ChatResponse first = await updates.ToChatResponseAsync();
        ChatResponse second = await updates.ToChatResponseAsync();

        Assert.Equal(first.Text, second.Text);
        Assert.NotEqual(first.ResponseId, second.ResponseId);
        Assert.Equal(2, scheduler.Generations.Count);
    }

    [Fact]
    public async Task GetResponseAsync_EngineWithoutTokenizer_IsRefusedByName()
    {
        using SchedulingChatClient client = new(new FakeScheduler { HasCodec = false });

        NotSupportedException error = await Assert.ThrowsAsync<NotSupportedException>(() => client.AskAsync());

        Assert.Contains("'fake'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task GetResponseAsync_EngineFailsAfterTheStopSequence_TheAnswerStands()
    {
        FakeCodec codec = new();
        using FakeScheduler scheduler = new(codec, generation =>
        {
            generation.Emit(codec.Encode("done.#"));
            generation.Fail(new EngineFaultException("lost", isFatal: true));
        });
        using SchedulingChatClient client = new(scheduler);

        ChatResponse response = await client.AskAsync(new ChatOptions { StopSequences = ["#"] });

        Assert.Equal("done.", response.Text);
        Assert.Equal(ChatFinishReason.Stop, response.FinishReason);
        Assert.Equal(6, response.Usage!.OutputTokenCount);
        Assert.Null(response.GetSchedulingReport());
    }

    [Fact]
    public async Task GetStreamingResponseAsync_ReadToItsEnd_CancelsNothing()
    {
        using FakeScheduler scheduler = FakeScheduler.Saying("x");
        using SchedulingChatClient client = new(scheduler);

        await client.ReadAsync();

        Assert.False(scheduler.Only.WasCancelled);
        Assert.False(scheduler.Only.WasFinished);
    }

    [Fact]
    public async Task GetResponseAsync_FullConversation_SendsTheWholeRenderedPrompt()
    {
        FakeCodec codec = new();
        using FakeScheduler scheduler = FakeScheduler.Saying("x", codec);
        using SchedulingChatClient client = new(scheduler);

        await client.AskAsync(new ChatOptions { Instructions = "I" });

        const string prompt = "\n[{\"role\":\"system\",\"content\":\"I\"},{\"role\":\"user\",\"content\":\"Hello\"}]\nassistant:";
        Assert.Equal(codec.Encode(prompt), scheduler.Only.Request.PromptTokens.ToArray());
    }

    [Fact]
    public async Task StreamTextAsync_AnyAnswer_YieldsItsTextOnly()
    {
        using FakeScheduler scheduler = FakeScheduler.Saying("just text");
        using SchedulingChatClient client = new(scheduler);
        List<string> texts = [];

        await foreach (string text in client.StreamTextAsync("Hello", new ChatOptions { MaxOutputTokens = 3 }))
        {
            texts.Add(text);
        }

        Assert.Equal(["just text"], texts);
        Assert.Equal(3, scheduler.Only.Request.MaxOutputTokens);
        Assert.Throws<ArgumentNullException>(() => { client.StreamTextAsync(null!); });
        Assert.Throws<ArgumentNullException>(() => { KvSchedulingChatClientExtensions.StreamTextAsync(null!, "x"); });
    }

    [Fact]
    public void Constructor_WrongArguments_AreRefused()
    {
        Assert.Throws<ArgumentNullException>(() => new SchedulingChatClient(null!));
        Assert.Throws<ArgumentOutOfRangeException>(() => new SchedulingChatClient(new FakeScheduler(), (ToolCallFormat)99));
    }

    [Fact]
    public void GetSchedulingReport_ResponseOfAnotherClient_IsNull()
    {
        Assert.Null(new ChatResponse().GetSchedulingReport());
        Assert.Null(new ChatResponseUpdate().GetSchedulingReport());
        Assert.Throws<ArgumentNullException>(() => ((ChatResponse)null!).GetSchedulingReport());
        Assert.Throws<ArgumentNullException>(() => ((ChatResponseUpdate)null!).GetSchedulingReport());
    }
}
