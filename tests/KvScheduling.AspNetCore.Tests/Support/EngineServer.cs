using KvScheduling.ManagedEngine;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;

namespace KvScheduling.AspNetCore.Tests;

/// <summary>The endpoints over the real scheduler and a real engine, by default the managed one with the bundled model, on a free port.</summary>
internal sealed class EngineServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private EngineServer(WebApplication app, Func<WatchedEngine> engine, Task requestEnded)
    {
        _app = app;
        Engine = engine();
        RequestEnded = requestEnded;
        Scheduler = app.Services.GetRequiredService<IKvScheduler>();
        Arrivals = (ArrivalGate)app.Services.GetRequiredService<IChatClient>();
        Address = new Uri(app.Urls.Single());
        Http = new HttpClient { BaseAddress = Address, Timeout = TestServer.Patience };
    }

    public WatchedEngine Engine { get; }

    public IKvScheduler Scheduler { get; }

    /// <summary>Holds the engine, when it is asked to, until all requests of a test are in the line.</summary>
    public ArrivalGate Arrivals { get; }

    /// <summary>Ends when the server is through with a request for the first time.</summary>
    public Task RequestEnded { get; }

    public Uri Address { get; }

    public HttpClient Http { get; }

    public static async Task<EngineServer> StartAsync(Action<KvSchedulingOptions> configure, Func<IInferenceEngine>? createEngine = null)
    {
        WatchedEngine? engine = null;
        WebApplicationBuilder builder = PatientHost.CreateBuilder();
        builder.Services.AddKvScheduling(options =>
        {
            options.CheckInvariants = true;

            // A test that holds the engine decides how long, and the whole of a burst may stand in the line.
            options.StallTimeout = options.ShutdownTimeout = 2 * TestServer.Patience;
            options.PromoteAfter = null;
            options.MaxQueuedTokens = 1 << 20;
            configure(options);
        }).AddEngine("watched", _ => engine = new WatchedEngine(createEngine?.Invoke() ?? ManagedEngine.ManagedEngine.Load(GoldenCase.ModelFolder)));
        builder.Services.AddSingleton<IChatClient>(static services => new ArrivalGate(services.GetRequiredKeyedService<IChatClient>(string.Empty)));
        WebApplication app = builder.Build();
        TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        app.Use(async (context, next) =>
        {
            try
            {
                await next(context);
            }
            finally
            {
                ended.TrySetResult();
            }
        });
        app.MapKvSchedulingOpenAI(configure: static options => options.IncludeSchedulingReport = true);
        app.MapKvSchedulingState();
        await app.StartAsync();
        return new EngineServer(app, () => engine!, ended.Task);
    }

    public async Task<HttpResponseMessage> PostAsync(string body) => await Http.SendAsync(TestServer.Post(body));

    public Task StopAsync() => _app.StopAsync();

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _app.DisposeAsync();
    }
}
