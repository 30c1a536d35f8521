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

    [Fact]
    public async Task StopAsync_StateStreamIsOpen_ServerStopsAtOnce()
    {
        await using TestServer server = await TestServer.StartAsync();
        using HttpResponseMessage response = await server.Http.GetAsync(new Uri("/kv/state/stream", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead);

        // Kestrel alone would wait for the open response up to the host's shutdown timeout of 30 seconds.
        await server.StopAsync().WaitAsync(TimeSpan.FromSeconds(20));
    }

    private static async Task<TcpClient> SendAsync(TestServer server, string stream)
    {
        string body = TestServer.Body($"\"stream\":{stream}");
        TcpClient client = new();
        await client.ConnectAsync(server.Address.Host, server.Address.Port);
        string request = $"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}";
        await client.GetStream().WriteAsync(Encoding.UTF8.GetBytes(request));
        return client;
    }

    /// <summary>Resets the connection, as a killed process does.</summary>
    private static void Abort(TcpClient client)
    {
        client.LingerState = new LingerOption(true, 0);
        client.Close();
    }

    private static async IAsyncEnumerable<ChatResponseUpdate> Endless([EnumeratorCancellation] CancellationToken cancellationToken, params ChatResponseUpdate[] first)
    {
        foreach (ChatResponseUpdate update in first)
        {
            yield return update;
        }

        await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
    }
}
