using System.Net.Http.Headers;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace KvScheduling.AspNetCore.Tests;

/// <summary>The endpoints over a fake client on a free port.</summary>
internal sealed class TestServer : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly WebApplication _app;

    private TestServer(WebApplication app, FakeChatClient chat, FakeScheduler scheduler)
    {
        _app = app;
        Chat = chat;
        Scheduler = scheduler;
        Address = new Uri(app.Urls.Single());
        Http = new HttpClient { BaseAddress = Address, Timeout = Patience };
    }

    public FakeChatClient Chat { get; }

    public FakeScheduler Scheduler { get; }

    public Uri Address { get; }

    public HttpClient Http { get; }

    public static async Task<TestServer> StartAsync(Action<OpenAIEndpointOptions>? configure = null, TimeProvider? time = null)
    {
        FakeChatClient chat = new();
        FakeScheduler scheduler = new();
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<IChatClient>(chat);
        builder.Services.AddSingleton<IKvScheduler>(scheduler);
        if (time is not null)
        {
            builder.Services.AddSingleton(time);
        }

        WebApplication app = builder.Build();
        app.MapKvSchedulingOpenAI("/v1", configure);
        app.MapKvSchedulingState();
        await app.StartAsync();
        return new TestServer(app, chat, scheduler);
    }

    /// <summary>A body with one user message and further members.</summary>
    public static string Body(string? members = null) =>
        """{"model":"org/tiny","messages":[{"role":"user","content":"Hello"}]""" + (members is null ? "}" : "," + members + "}");

    public static HttpRequestMessage Post(string body) => new(HttpMethod.Post, "/v1/chat/completions") { Content = JsonBody(body) };

    public static StringContent JsonBody(string body) => new(body, Encoding.UTF8, new MediaTypeHeaderValue("application/json"));

    public Task<HttpResponseMessage> PostAsync(string body) => Http.SendAsync(Post(body), HttpCompletionOption.ResponseHeadersRead);

    public Task StopAsync() => _app.StopAsync();

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _app.DisposeAsync();
    }
}
