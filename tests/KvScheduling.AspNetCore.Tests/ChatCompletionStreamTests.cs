using System.Net;
using Microsoft.Extensions.AI;

namespace KvScheduling.AspNetCore.Tests;

public sealed class ChatCompletionStreamTests
{
    private const string Head = """{"id":"chatcmpl-r1","object":"chat.completion.chunk","created":1700000000,"model":"org/tiny","choices":""";

    [Fact]
    public async Task Post_Stream_FramesAreExact()
    {
        await using TestServer server = await TestServer.StartAsync();
        server.Chat.Script = static _ => FakeChatClient.Answer("He", "llo");

        using HttpResponseMessage response = await server.PostAsync(TestServer.Body("\"stream\":true"));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType!.ToString());
        Assert.True(response.Headers.CacheControl is { NoCache: true, NoStore: true });
        Assert.Equal(
            "data: " + Head + """[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}""" + "\n\n" +
            "data: " + Head + """[{"index":0,"delta":{"content":"He"},"finish_reason":null}]}""" + "\n\n" +
            "data: " + Head + """[{"index":0,"delta":{"content":"llo"},"finish_reason":null}]}""" + "\n\n" +
            "data: " + Head + """[{"index":0,"delta":{},"finish_reason":"stop"}]}""" + "\n\n" +
            "data: [DONE]\n\n",
            await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Post_StreamWithUsage_UsageChunkHasNoChoicesAndOthersHaveNull()
    {
        await using TestServer server = await TestServer.StartAsync();
        server.Chat.Script = static _ => FakeChatClient.Updates(
            FakeChatClient.Text("x"), FakeChatClient.Finish(ChatFinishReason.Length), FakeChatClient.Usage(7, 1, 4));

        using HttpResponseMessage response = await server.PostAsync(TestServer.Body("""
            "stream":true,"stream_options":{"include_usage":true}
            """));

        Assert.Equal(
            "data: " + Head + """[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}],"usage":null}""" + "\n\n" +
            "data: " + Head + """[{"index":0,"delta":{"content":"x"},"finish_reason":null}],"usage":null}""" + "\n\n" +
            "data: " + Head + """[{"index":0,"delta":{},"finish_reason":"length"}],"usage":null}""" + "\n\n" +
            "data: " + Head + """[],"usage":{"prompt_tokens":7,"completion_tokens":1,"total_tokens":8,"prompt_tokens_details":{"cached_tokens":4}}}""" + "\n\n" +
            "data: [DONE]\n\n",
            await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Post_StreamWithToolCalls_CallsAreNumbered()
    {
        await using TestServer server = await TestServer.StartAsync();
        server.Chat.Script = static _ => FakeChatClient.Updates(
            FakeChatClient.With(new FunctionCallContent("c1", "add", new Dictionary<string, object?> { ["a"] = 1, ["b"] = "zwölf" })),
            FakeChatClient.With(new FunctionCallContent("c2", "now")),
            FakeChatClient.Finish(ChatFinishReason.ToolCalls));

        using HttpResponseMessage response = await server.PostAsync(TestServer.Body("\"stream\":true"));

        Assert.Equal(
            "data: " + Head + """[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}""" + "\n\n" +
            "data: " + Head + """[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"c1","type":"function","function":{"name":"add","arguments":"{\"a\":1,\"b\":\"zwölf\"}"}}]},"finish_reason":null}]}""" + "\n\n" +
            "data: " + Head + """[{"index":0,"delta":{"tool_calls":[{"index":1,"id":"c2","type":"function","function":{"name":"now","arguments":"{}"}}]},"finish_reason":null}]}""" + "\n\n" +
            "data: " + Head + """[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}""" + "\n\n" +
            "data: [DONE]\n\n",
            await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Post_StreamOfLineBreaksAndMarkup_EveryFrameStaysOnOneLine()
    {
        await using TestServer server = await TestServer.StartAsync();
        server.Chat.Script = static _ => FakeChatClient.Answer("a\r\nb\n\n<b>\"😀\u2028");

        using HttpResponseMessage response = await server.PostAsync(TestServer.Body("\"stream\":true"));

        string[] frames = (await response.Content.ReadAsStringAsync()).Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(4, frames.Length);
        Assert.All(frames, static frame => Assert.StartsWith("data: ", frame, StringComparison.Ordinal));
        Assert.Equal("a\r\nb\n\n<b>\"😀\u2028", Wire.Json(frames[1]["data: ".Length..]).At("choices", 0, "delta", "content").GetString());
    }

    [Fact]
    public async Task Post_StreamWithReport_ReportRidesOnTheFinishChunk()
    {
        await using TestServer server = await TestServer.StartAsync(static options => options.IncludeSchedulingReport = true);
        server.Chat.Script = static _ => FakeChatClient.Updates(FakeChatClient.Text("x"), FakeChatClient.Finish(ChatFinishReason.Stop), WithReport());

        using HttpResponseMessage response = await server.PostAsync(TestServer.Body("\"stream\":true"));

        List<string> data = Wire.Data(await response.Content.ReadAsStringAsync());
        Assert.Equal(
            """{"engine":"fake-0","policy":"fcfs","queue_ms":1.5,"hold_ms":0.5,"ttft_ms":20,"tpot_ms":null,"latency_ms":30,"prompt_tokens":3,"output_tokens":1,"cached_tokens":2,"evictions":0,"recomputed_tokens":0}""",
            Wire.Json(data[^2]).GetProperty("scheduling").GetRawText());
        Assert.DoesNotContain("scheduling", data[^3], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Post_StreamWithReportNotAskedFor_SaysNothing()
    {
        await using TestServer server = await TestServer.StartAsync();
        server.Chat.Script = static _ => FakeChatClient.Updates(FakeChatClient.Text("x"), FakeChatClient.Finish(ChatFinishReason.Stop), WithReport());

        using HttpResponseMessage response = await server.PostAsync(TestServer.Body("\"stream\":true"));

        Assert.DoesNotContain("scheduling", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Post_StreamWhileTheModelIsStillWriting_EachFrameArrivesAtOnce()
    {
        await using TestServer server = await TestServer.StartAsync();
        TaskCompletionSource second = new(TaskCreationOptions.RunContinuationsAsynchronously);
        server.Chat.Script = _ => TwoPieces(second.Task);

        using HttpResponseMessage response = await server.PostAsync(TestServer.Body("\"stream\":true"));
        await using Stream stream = await response.Content.ReadAsStreamAsync();
        using StreamReader reader = new(stream);

        // Were frames held back, this would wait for a second piece that is only sent after the first was read.
        Assert.Contains("\"role\"", await Wire.NextLineAsync(reader), StringComparison.Ordinal);
        Assert.Contains("\"one\"", await Wire.NextLineAsync(reader), StringComparison.Ordinal);
        second.SetResult();
        Assert.Contains("\"two\"", await Wire.NextLineAsync(reader), StringComparison.Ordinal);
    }

    private static async IAsyncEnumerable<ChatResponseUpdate> TwoPieces(Task second)
    {
        yield return FakeChatClient.Text("one");
        await second;
        yield return FakeChatClient.Text("two");
    }

    private static ChatResponseUpdate WithReport() => new()
    {
        ResponseId = "r1",
        AdditionalProperties = new AdditionalPropertiesDictionary
        {
            ["kv_scheduling_report"] = new SchedulingReport
            {
                EngineInstance = "fake-0",
                Policy = "fcfs",
                PromptTokens = 3,
                OutputTokens = 1,
                CachedTokens = 2,
                QueueTime = TimeSpan.FromMilliseconds(1.5),
                HoldTime = TimeSpan.FromMilliseconds(0.5),
                TimeToFirstToken = TimeSpan.FromMilliseconds(20),
                Latency = TimeSpan.FromMilliseconds(30),
            },
        },
    };
}
