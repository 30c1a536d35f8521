using Microsoft.Extensions.Hosting;

namespace KvScheduling;

/// <summary>Ties a scheduler to the application's life: the engine is built before the application takes requests, and drained before it ends.</summary>
/// <remarks>Drained before anything else stops: while requests finish, a web server still listens and can tell new callers that the scheduler is shutting down.</remarks>
internal sealed class KvSchedulingHostedService(KvScheduler scheduler) : IHostedLifecycleService
{
    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => scheduler.StartAsync(cancellationToken);

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => scheduler.StopAsync(cancellationToken);

    public Task StopAsync(CancellationToken cancellationToken) => scheduler.StopAsync(cancellationToken);

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
