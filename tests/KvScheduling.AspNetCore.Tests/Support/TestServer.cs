using System.Net.Http.Headers;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;

namespace KvScheduling.AspNetCore.Tests;

/// <summary>The endpoints over a fake client on a free port, and on a clock that stands still unless a test moves it.</summary>
internal sealed class TestServer : IAsyncDisposable
{
    /// <summary>How long something may take that never takes long: it ends a test that hangs and decides nothing else.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

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
        WebApplicationBuilder builder = PatientHost.CreateBuilder();
        builder.Services.AddSingleton<IChatClient>(chat);
        builder.Services.AddSingleton<IKvScheduler>(scheduler);
        builder.Services.AddSingleton(time ?? new ManualTimeProvider());
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
