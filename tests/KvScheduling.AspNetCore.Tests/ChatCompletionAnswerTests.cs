using System.Net;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace KvScheduling.AspNetCore.Tests;

public sealed class ChatCompletionAnswerTests
{
    [Fact]
    public async Task Post_NoStream_AnswerIsExact()
    {
        await using TestServer server = await TestServer.StartAsync();
        server.Chat.Script = static _ => FakeChatClient.Updates(
            FakeChatClient.Text("Hel"), FakeChatClient.Text("lo"), FakeChatClient.Finish(ChatFinishReason.Stop), FakeChatClient.Usage(9, 2, 8));

        using HttpResponseMessage response = await server.PostAsync(TestServer.Body());

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("application/json", response.Content.Headers.ContentType!.ToString());
        Assert.Equal(
            """
            {"id":"chatcmpl-r1","object":"chat.completion","created":1700000000,"model":"org/tiny","choices":[{"index":0,"message":{"role":"assistant","content":"Hello","refusal":null},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11,"prompt_tokens_details":{"cached_tokens":8}}}
            """,
            await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Post_NoStreamWithToolCalls_ContentIsNullAndCallsAreListed()
    {
        await using TestServer server = await TestServer.StartAsync();
        server.Chat.Script = static _ => FakeChatClient.Updates(
            FakeChatClient.With(new FunctionCallContent("c1", "add", new Dictionary<string, object?>
            {
                ["a"] = JsonElement.Parse("1.50"),
                ["deep"] = JsonElement.Parse("""{"x":[true,null]}"""),
            })),
            FakeChatClient.Finish(ChatFinishReason.ToolCalls));

        using HttpResponseMessage response = await server.PostAsync(TestServer.Body());

        JsonElement choice = (await response.JsonAsync()).At("choices", 0);
        Assert.Equal("tool_calls", choice.GetProperty("finish_reason").GetString());
        Assert.Equal(
            """
            {"role":"assistant","content":null,"refusal":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"add","arguments":"{\"a\":1.50,\"deep\":{\"x\":[true,null]}}"}}]}
            """,
            choice.GetProperty("message").GetRawText());
    }

    [Fact]
    public async Task Post_NoStreamWithTextAndToolCalls_HasBoth()
    {
        await using TestServer server = await TestServer.StartAsync();
        server.Chat.Script = static _ => FakeChatClient.Updates(
            FakeChatClient.Text("Let me see."), FakeChatClient.With(new FunctionCallContent("c1", "look")), FakeChatClient.Finish(ChatFinishReason.ToolCalls));

        using HttpResponseMessage response = await server.PostAsync(TestServer.Body());

        JsonElement message = (await response.JsonAsync()).At("choices", 0, "message");
        Assert.Equal("Let me see.", message.GetProperty("content").GetString());
        Assert.Equal("look", message.At("tool_calls", 0, "function", "name").GetString());
    }

    [Fact]
    public async Task Post_ModelWroteBrokenArguments_TheyArePassedOnAsWritten()
    {
        await using TestServer server = await TestServer.StartAsync();
        server.Chat.Script = static _ => FakeChatClient.Updates(
            FakeChatClient.With(new FunctionCallContent("c1", "add") { Exception = new JsonException("bad"), RawRepresentation = "{\"a\":" }),
            FakeChatClient.Finish(ChatFinishReason.ToolCalls));

        using HttpResponseMessage response = await server.PostAsync(TestServer.Body());

        Assert.Equal("{\"a\":", (await response.JsonAsync()).At("choices", 0, "message", "tool_calls", 0, "function", "arguments").GetString());
    }

    [Fact]
    public async Task Post_EmptyAnswer_ContentIsAnEmptyString()
    {
        await using TestServer server = await TestServer.StartAsync();
        server.Chat.Script = static _ => FakeChatClient.Answer();

        using HttpResponseMessage response = await server.PostAsync(TestServer.Body());

        Assert.Equal(string.Empty, (await response.JsonAsync()).At("choices", 0, "message", "content").GetString());
    }

    [Fact]
    public async Task Post_ReasoningText_HasAFieldOfItsOwn()
    {
        await using TestServer server = await TestServer.StartAsync();
        server.Chat.Script = static _ => FakeChatClient.Updates(
            FakeChatClient.With(new TextReasoningContent("Let me ")), FakeChatClient.With(new TextReasoningContent("think.")), FakeChatClient.Text("Four."));

        using HttpResponseMessage whole = await server.PostAsync(TestServer.Body());
        using HttpResponseMessage streamed = await server.PostAsync(TestServer.Body("\"stream\":true"));

        JsonElement message = (await whole.JsonAsync()).At("choices", 0, "message");
        Assert.Equal(("Let me think.", "Four."), (message.GetProperty("reasoning_content").GetString(), message.GetProperty("content").GetString()));
        Assert.Equal(
            ["Let me ", "think."],
            Wire.Data(await streamed.Content.ReadAsStringAsync()).Where(static data => data.Contains("reasoning_content", StringComparison.Ordinal))
                .Select(static data => Wire.Json(data).At("choices", 0, "delta", "reasoning_content").GetString()));
    }

    [Fact]
    public async Task Post_ReasoningTokens_AreInUsage()
    {
        await using TestServer server = await TestServer.StartAsync();
        server.Chat.Script = static _ => FakeChatClient.Updates(
            FakeChatClient.Text("x"),
            FakeChatClient.With(new UsageContent(new UsageDetails { InputTokenCount = 1, OutputTokenCount = 5, ReasoningTokenCount = 4 })));

        using HttpResponseMessage response = await server.PostAsync(TestServer.Body());

        JsonElement usage = (await response.JsonAsync()).GetProperty("usage");
        Assert.Equal(4, usage.At("completion_tokens_details", "reasoning_tokens").GetInt32());
        Assert.Equal(6, usage.GetProperty("total_tokens").GetInt32());
    }
}
