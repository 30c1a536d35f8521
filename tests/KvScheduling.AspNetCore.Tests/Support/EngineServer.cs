using KvScheduling.ManagedEngine;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace KvScheduling.AspNetCore.Tests;

/// <summary>The endpoints over the real scheduler and a real engine, by default the managed one with the bundled model, on a free port.</summary>
internal sealed class EngineServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private EngineServer(WebApplication app, Func<WatchedEngine> engine)
    {
        _app = app;
        Engine = engine();
        Scheduler = app.Services.GetRequiredService<IKvScheduler>();
        Address = new Uri(app.Urls.Single());
        Http = new HttpClient { BaseAddress = Address, Timeout = TimeSpan.FromMinutes(5) };
    }

    public WatchedEngine Engine { get; }

    public IKvScheduler Scheduler { get; }

    public Uri Address { get; }

    public HttpClient Http { get; }

    public static async Task<EngineServer> StartAsync(Action<KvSchedulingOptions> configure, Func<IInferenceEngine>? createEngine = null)
    {
        WatchedEngine? engine = null;
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.Services.AddKvScheduling(options =>
        {
            options.CheckInvariants = true;
            configure(options);
        }).AddEngine("watched", _ => engine = new WatchedEngine(createEngine?.Invoke() ?? ManagedEngine.ManagedEngine.Load(GoldenCase.ModelFolder)));
        WebApplication app = builder.Build();
        app.MapKvSchedulingOpenAI(configure: static options => options.IncludeSchedulingReport = true);
        app.MapKvSchedulingState();
        await app.StartAsync();
        return new EngineServer(app, () => engine!);
    }

    public async Task<HttpResponseMessage> PostAsync(string body) => await Http.SendAsync(TestServer.Post(body));

    public Task StopAsync() => _app.StopAsync();

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _app.DisposeAsync();
    }
}
