using System.Net;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace KvScheduling.AspNetCore.Tests;

public sealed class ErrorTests
{
    public static TheoryData<string, int, string, string?, string?, string?> Table => new()
    {
        { "QueueFull 2.2", 429, "rate_limit_error", "queue_full", null, "3" },
        { "QueueFull 0.01", 429, "rate_limit_error", "queue_full", null, "1" },
        { "QueueFull", 429, "rate_limit_error", "queue_full", null, "1" },
        { "TooLong", 400, "invalid_request_error", "context_length_exceeded", "messages", null },
        { "DeadlineUnreachable", 504, "timeout_error", "deadline_unreachable", null, null },
        { "ShuttingDown", 503, "service_unavailable_error", "shutting_down", null, "5" },
        { "EngineFaulted 7", 503, "service_unavailable_error", "engine_faulted", null, "7" },
        { "engine", 500, "server_error", "engine_fault", null, null },
        { "bug", 500, "server_error", "internal_error", null, null },
        { "cancelled", 503, "service_unavailable_error", "cancelled", null, "5" },
        { "argument", 400, "invalid_request_error", null, "temperature", null },
        { "unsupported", 400, "invalid_request_error", "unsupported_value", "response_format", null },
    };

    [Theory]
    [MemberData(nameof(Table))]
    public async Task Post_RefusedAtTheDoor_StatusAndBody(string kind, int status, string type, string? code, string? param, string? retryAfter)
    {
        foreach (string stream in (string[])["false", "true"])
        {
            await using TestServer server = await TestServer.StartAsync();
            server.Chat.OnCall = () => throw Create(kind);

            await AssertError(server, stream, status, type, code, param, retryAfter);
        }
    }

    [Theory]
    [MemberData(nameof(Table))]
    public async Task Post_RefusedBeforeTheFirstToken_StatusAndBody(string kind, int status, string type, string? code, string? param, string? retryAfter)
    {
        foreach (string stream in (string[])["false", "true"])
        {
            await using TestServer server = await TestServer.StartAsync();
            server.Chat.Script = _ => FakeChatClient.Throw(Create(kind));

            await AssertError(server, stream, status, type, code, param, retryAfter);
        }
    }

    [Theory]
    [MemberData(nameof(Table))]
    public async Task Post_FailedAfterTheFirstToken_ErrorFrameAndNoEndMark(
        string kind, int status, string type, string? code, string? param, string? retryAfter)
    {
        _ = retryAfter;
        if (status == 400 && kind != "TooLong")
        {
            // Once the request was taken, its fields can no longer be what is wrong.
            (type, code, param) = ("server_error", "internal_error", null);
        }

        await using TestServer server = await TestServer.StartAsync();
        server.Chat.Script = _ => FakeChatClient.Throw(Create(kind), FakeChatClient.Text("x"));

        using HttpResponseMessage response = await server.PostAsync(Body("true"));
        string body = await response.Content.ReadAsStringAsync();

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        List<string> data = Wire.Data(body);
        Assert.Equal(3, data.Count);
        Assert.Equal("x", Wire.Json(data[1]).At("choices", 0, "delta", "content").GetString());
        AssertError(Wire.Json(data[2]).GetProperty("error"), type, code, param);
        Assert.DoesNotContain("[DONE]", body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Post_ArgumentsCannotBeWritten_NoHalfFrameIsSent()
    {
        await using TestServer server = await TestServer.StartAsync();
        server.Chat.Script = static _ => FakeChatClient.Updates(
            FakeChatClient.Text("x"), FakeChatClient.With(new FunctionCallContent("c", "f", new Dictionary<string, object?> { ["a"] = TimeSpan.Zero })));

        using HttpResponseMessage response = await server.PostAsync(Body("true"));

        List<string> data = Wire.Data(await response.Content.ReadAsStringAsync());
        Assert.Equal(3, data.Count);
        Assert.True(Wire.Json(data[2]).TryGetProperty("error", out _));
    }

    private static Exception Create(string kind)
    {
        string[] words = kind.Split(' ');
        return words[0] switch
        {
            "engine" => new EngineFaultException("secret inside"),
            "bug" => new InvalidOperationException("secret inside"),
            "cancelled" => new OperationCanceledException("secret inside"),
            "argument" => WrongArgument(nameof(ChatOptions.Temperature)),
            "unsupported" => new NotSupportedException("no guidance"),
            _ => new SchedulingRejectedException(
                Enum.Parse<SchedulingRejection>(words[0]),
                "reason in words",
                words.Length > 1 ? TimeSpan.FromSeconds(double.Parse(words[1], System.Globalization.CultureInfo.InvariantCulture)) : null),
        };
    }

    private static ArgumentException WrongArgument(string name) => new("too hot", name);

    private static string Body(string stream) => TestServer.Body($$$"""
        "stream":{{{stream}}},"response_format":{"type":"json_object"}
        """);

    private static async Task AssertError(TestServer server, string stream, int status, string type, string? code, string? param, string? retryAfter)
    {
        using HttpResponseMessage response = await server.PostAsync(Body(stream));

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal("application/json", response.Content.Headers.ContentType!.ToString());
        Assert.Equal(retryAfter, response.Headers.RetryAfter?.ToString());
        AssertError((await response.JsonAsync()).GetProperty("error"), type, code, param);
    }

    private static void AssertError(JsonElement error, string type, string? code, string? param)
    {
        Assert.Equal(["message", "type", "param", "code"], error.EnumerateObject().Select(static member => member.Name));
        Assert.Equal(type, error.GetProperty("type").GetString());
        Assert.Equal(code, error.GetProperty("code").GetString());
        Assert.Equal(param, error.GetProperty("param").GetString());
        Assert.DoesNotContain("secret", error.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.NotEmpty(error.GetProperty("message").GetString()!);
    }
}
