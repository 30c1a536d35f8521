using Microsoft.Extensions.AI;

namespace KvScheduling.Tests.Chat;

public class ReasoningTests
{
    private const string Template = FakeCodec.HermesTemplate + "<think>";

    [Theory]
    [InlineData("<think>hm</think>\n\nYes.", "think:hm|text:Yes.")]
    [InlineData("\n<think>hm < mm</think>Yes <think>.", "think:hm < mm|text:Yes <think>.")]
    [InlineData("<think></think>Yes.", "text:Yes.")]
    [InlineData("<think>cut off", "think:cut off")]
    [InlineData("Yes.", "text:Yes.")]
    [InlineData("  Yes.", "text:  Yes.")]
    [InlineData("<thin", "text:<thin")]
    [InlineData(" <thing>", "text: <thing>")]
    [InlineData("<think>a</think><tool_call>{\"name\":\"f\",\"arguments\":{}}</tool_call>", "think:a|call:f()")]
    public async Task GetResponseAsync_TemplateKnowsThinking_DeliversItAsReasoning(string text, string expected)
    {
        using FakeScheduler scheduler = FakeScheduler.Saying(text, new FakeCodec { ChatTemplate = Template });
        using SchedulingChatClient client = new(scheduler);

        ChatResponse response = await client.AskAsync(ChatTestExtensions.WithTools("f"));

        Assert.Equal(expected, ChatTestExtensions.Describe(response.Messages.Single().Contents));
    }

    [Fact]
    public async Task GetResponseAsync_PromptEndsInsideTheReasoning_BeginsWithReasoning()
    {
        FakeCodec codec = new() { ChatTemplate = Template, Render = static (_, _) => "assistant:<think>\n" };
        using FakeScheduler scheduler = FakeScheduler.Saying("hm</think>Yes.", codec);
        using SchedulingChatClient client = new(scheduler);

        ChatResponse response = await client.AskAsync();

        Assert.Equal("think:hm|text:Yes.", ChatTestExtensions.Describe(response.Messages.Single().Contents));
        Assert.Equal("Yes.", response.Text);
    }

    [Fact]
    public async Task GetResponseAsync_RequiredCallAfterAnOpenReasoning_ClosesItFirst()
    {
        FakeCodec codec = new() { ChatTemplate = Template, Render = static (_, _) => "assistant:<think>\n" };
        using FakeScheduler scheduler = FakeScheduler.Saying(" {}}", codec);
        using SchedulingChatClient client = new(scheduler);
        ChatOptions options = ChatTestExtensions.WithTools("f");
        options.ToolMode = ChatToolMode.RequireAny;

        Assert.Single((await client.AskAsync(options)).Calls());
        Assert.Contains(codec.Encoded, static text => text.StartsWith("assistant:<think>\n\n</think>\n\n<tool_call>", StringComparison.Ordinal));
    }

    [Fact]
    public async Task GetResponseAsync_TemplateDoesNotKnowThinking_LeavesTheTextAlone()
    {
        using FakeScheduler scheduler = FakeScheduler.Saying("<think>hm</think>Yes.");
        using SchedulingChatClient client = new(scheduler);

        Assert.Equal("<think>hm</think>Yes.", (await client.AskAsync()).Text);
    }

    [Fact]
    public async Task GetResponseAsync_StopSequenceInsideTheReasoning_EndsThere()
    {
        using FakeScheduler scheduler = FakeScheduler.Saying("<think>one two</think>three", new FakeCodec { ChatTemplate = Template });
        using SchedulingChatClient client = new(scheduler);

        ChatResponse response = await client.AskAsync(new ChatOptions { StopSequences = ["two"] });

        Assert.Equal("think:one ", ChatTestExtensions.Describe(response.Messages.Single().Contents));
    }
}
