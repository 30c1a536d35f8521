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

    public ValueTask DisposeAsync() => _services.DisposeAsync();
}
