using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Text;
using Microsoft.Extensions.AI;

namespace KvScheduling.AspNetCore.Tests;

public sealed class DisconnectTests
{
    [Theory]
    [InlineData("true")]
    [InlineData("false")]
    public async Task Post_ClientGoesAwayWhileItWaits_GenerationIsCancelled(string stream)
    {
        await using TestServer server = await TestServer.StartAsync();
        server.Chat.Script = static cancellationToken => Endless(cancellationToken);
        using TcpClient client = await SendAsync(server, stream);
        await server.Chat.Called.WaitAsync(TestServer.Patience);

        Abort(client);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => server.Chat.Ended.WaitAsync(TestServer.Patience));
    }

    [Fact]
    public async Task Post_ClientGoesAwayInTheMiddleOfAStream_GenerationIsCancelled()
    {
        await using TestServer server = await TestServer.StartAsync();
        server.Chat.Script = static cancellationToken => Endless(cancellationToken, FakeChatClient.Text("first"));
        using TcpClient client = await SendAsync(server, "true");
        using StreamReader reader = new(client.GetStream(), leaveOpen: true);
        string? line;
        do
        {
            line = await reader.ReadLineAsync().WaitAsync(TestServer.Patience);
        }
        while (line is not null && !line.Contains("first", StringComparison.Ordinal));

        Abort(client);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => server.Chat.Ended.WaitAsync(TestServer.Patience));
    }

    [Theory]
    [InlineData("true")]
    [InlineData("false")]
    public async Task Post_ClientOfTheRealEngineGoesAway_ItsKvIsFree(string stream)
    {
        await using EngineServer server = await EngineServer.StartAsync(static options => options.MaxParkedSequences = 0);
        using StepGate gate = new(freeSteps: 2);
        server.Engine.BeforeStep = gate.Pass;
        string body = $$"""{"stream":{{stream}},"max_tokens":4000,"messages":[{"role":"user","content":"Count from 100 to 900."}]}""";
        using TcpClient client = await SendAsync(server.Address, body);
        await gate.Held.WaitAsync(TestServer.Patience);

        Abort(client);

        // The answer can't end before the server has seen that nobody waits for it. From then on it grows by a token per look at the state: far too slowly to be whole before the loop is told.
        await server.RequestEnded.WaitAsync(TestServer.Patience);
        using CancellationTokenSource patience = new(TestServer.Patience);
        SchedulerSnapshot state;
        while ((state = server.Scheduler.GetSnapshot()).CancelledRequests == 0)
        {
            gate.LetOne();
            await Task.Delay(100, patience.Token);
        }

        Assert.Equal((0, 0, 0L), (state.RunningRequests, state.WaitingRequests, state.KvUsedTokens));
    }

    [Fact]
    public async Task StopAsync_StateStreamIsOpen_ServerStopsAtOnce()
    {
        await using TestServer server = await TestServer.StartAsync();
        Uri stream = new("/kv/state/stream", UriKind.Relative);
        using HttpResponseMessage response = await server.Http.GetAsync(stream, HttpCompletionOption.ResponseHeadersRead);

        // Kestrel alone would wait for the open response as long as the host lets it, which here is for ever.
        await server.StopAsync().WaitAsync(TestServer.Patience);
    }

    private static Task<TcpClient> SendAsync(TestServer server, string stream) => SendAsync(server.Address, TestServer.Body($"\"stream\":{stream}"));

    private static async Task<TcpClient> SendAsync(Uri address, string body)
    {
        TcpClient client = new();
        await client.ConnectAsync(address.Host, address.Port);
        string headers = $"Host: localhost\r\nContent-Type: application/json\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n";
        string request = $"POST /v1/chat/completions HTTP/1.1\r\n{headers}\r\n{body}";
        await client.GetStream().WriteAsync(Encoding.UTF8.GetBytes(request));
        return client;
    }

    /// <summary>Resets the connection, as a killed process does.</summary>
    private static void Abort(TcpClient client)
    {
        client.LingerState = new LingerOption(true, 0);
        client.Close();
    }

    private static async IAsyncEnumerable<ChatResponseUpdate> Endless(
        [EnumeratorCancellation] CancellationToken cancellationToken, params ChatResponseUpdate[] first)
    {
        foreach (ChatResponseUpdate update in first)
        {
            yield return update;
        }

        await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
    }
}
