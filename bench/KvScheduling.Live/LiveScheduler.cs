using KvScheduling.Baselines;
using Microsoft.Extensions.DependencyInjection;

namespace KvScheduling.Live;

/// <summary>A scheduler over an engine, made as an application makes it.</summary>
internal sealed class LiveScheduler : IAsyncDisposable
{
    private readonly ServiceProvider _services;

    private LiveScheduler(ServiceProvider services) => _services = services;

    public IKvScheduler Scheduler => _services.GetRequiredService<IKvScheduler>();

    public static async Task<LiveScheduler> StartAsync(Func<IInferenceEngine> engine, Action<KvSchedulingOptions> configure, CancellationToken cancellationToken)
    {
        var services = new ServiceCollection();
        services.AddKvScheduling(configure).AddEngine("engine", _ => engine()).AddBaselinePolicies();
        var scheduler = new LiveScheduler(services.BuildServiceProvider());
        await scheduler.Scheduler.StartAsync(cancellationToken);
        return scheduler;
    }

    /// <summary>Submits requests when they arrive and waits for all.</summary>
    public async Task<SchedulingReport[]> RunAsync(LiveRequest[] requests, CancellationToken cancellationToken)
    {
        long begin = TimeProvider.System.GetTimestamp();
        var generations = new List<Task<GenerationResult>>(requests.Length);
        foreach (LiveRequest request in requests)
        {
            TimeSpan early = request.Arrival - TimeProvider.System.GetElapsedTime(begin);
            if (early > TimeSpan.Zero)
            {
                await Task.Delay(early, cancellationToken);
            }

            generations.Add(Scheduler.Submit(request.ToRequest(), cancellationToken: cancellationToken).CompleteAsync());
        }

        GenerationResult[] results = await Task.WhenAll(generations);
        return [.. results.Select(static result => result.Report)];
    }

    public ValueTask DisposeAsync() => _services.DisposeAsync();
}
