using System.Net;
using Microsoft.Extensions.AI;

namespace KvScheduling.AspNetCore.Tests;

public sealed class PingTests
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(15);

    [Fact]
    public async Task Post_StreamWaitsInALongLine_PingsUntilTheFirstToken()
    {
        ManualTimeProvider time = new();
        await using TestServer server = await TestServer.StartAsync(time: time);
        TaskCompletionSource started = new(TaskCreationOptions.RunContinuationsAsynchronously);
        server.Chat.Script = _ => WaitThen(started.Task, FakeChatClient.Text("x"));

        Task<HttpResponseMessage> sent = server.PostAsync(TestServer.Body("\"stream\":true"));
        await time.WhenArmed(Interval).WaitAsync(TestServer.Patience);
        time.Advance(Interval - TimeSpan.FromMilliseconds(1));
        Assert.False(sent.IsCompleted);
        time.Advance(TimeSpan.FromMilliseconds(1));
        using HttpResponseMessage response = await sent;
        using StreamReader reader = new(await response.Content.ReadAsStreamAsync());
        Assert.Equal(": ping", await Wire.NextLineAsync(reader));
        await time.WhenArmed(Interval).WaitAsync(TestServer.Patience);
        time.Advance(Interval);
        Assert.Equal(": ping", await Wire.NextLineAsync(reader));
        started.SetResult();

        List<string> rest = await Wire.RestAsync(reader);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.All(rest, static line => Assert.StartsWith("data: ", line, StringComparison.Ordinal));
        Assert.Equal(4, rest.Count);
        Assert.Equal("data: [DONE]", rest[^1]);
    }

    [Fact]
    public async Task Post_RefusedAfterAPing_ComesAsAnErrorFrame()
    {
        ManualTimeProvider time = new();
        await using TestServer server = await TestServer.StartAsync(time: time);
        TaskCompletionSource expired = new(TaskCreationOptions.RunContinuationsAsynchronously);
        server.Chat.Script = _ => WaitThen(expired.Task);

        Task<HttpResponseMessage> sent = server.PostAsync(TestServer.Body("\"stream\":true"));
        await time.WhenArmed(Interval).WaitAsync(TestServer.Patience);
        time.Advance(Interval);
        using HttpResponseMessage response = await sent;
        using StreamReader reader = new(await response.Content.ReadAsStreamAsync());
        Assert.Equal(": ping", await Wire.NextLineAsync(reader));
        expired.SetException(new SchedulingRejectedException(SchedulingRejection.DeadlineUnreachable, "too late"));

        string error = Assert.Single(await Wire.RestAsync(reader));
        Assert.Equal("deadline_unreachable", Wire.Json(error["data: ".Length..]).At("error", "code").GetString());
    }

    [Fact]
    public async Task Post_PingsAreOff_NoTimerIsSet()
    {
        ManualTimeProvider time = new();
        await using TestServer server = await TestServer.StartAsync(static options => options.PingInterval = Timeout.InfiniteTimeSpan, time);
        TaskCompletionSource started = new(TaskCreationOptions.RunContinuationsAsynchronously);
        server.Chat.Script = _ => WaitThen(started.Task, FakeChatClient.Text("x"));

        Task<HttpResponseMessage> sent = server.PostAsync(TestServer.Body("\"stream\":true"));
        await server.Chat.Called.WaitAsync(TestServer.Patience);
        time.Advance(TimeSpan.FromHours(1));
        started.SetResult();
        using HttpResponseMessage response = await sent;

        Assert.DoesNotContain("ping", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-5)]
    public async Task Map_PingIntervalOutOfRange_FailsWithTheOptionsName(int seconds)
    {
        ArgumentOutOfRangeException error = await Assert.ThrowsAsync<ArgumentOutOfRangeException>(
            () => TestServer.StartAsync(options => options.PingInterval = TimeSpan.FromSeconds(seconds)));

        Assert.Contains("OpenAIEndpointOptions.PingInterval", error.Message, StringComparison.Ordinal);
    }

    private static async IAsyncEnumerable<ChatResponseUpdate> WaitThen(Task started, params ChatResponseUpdate[] updates)
    {
        await started;
        foreach (ChatResponseUpdate update in updates)
        {
            yield return update;
        }
    }
}
