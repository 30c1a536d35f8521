using Microsoft.Extensions.Hosting;

namespace KvScheduling;

/// <summary>Ties a scheduler to the application's life: the engine is built before the application takes requests, and drained before it ends.</summary>
internal sealed class KvSchedulingHostedService(KvScheduler scheduler) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken) => scheduler.StartAsync(cancellationToken);

    public Task StopAsync(CancellationToken cancellationToken) => scheduler.StopAsync(cancellationToken);
}
