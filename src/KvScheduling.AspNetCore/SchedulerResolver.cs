using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;

namespace KvScheduling.AspNetCore;

/// <summary>Finds the scheduler that endpoints were mapped for.</summary>
internal sealed class SchedulerResolver
{
    private readonly string? _name;

    private SchedulerResolver(string? name) => _name = name;

    /// <summary>Fails at map time, before a request can fail, and without building the engine.</summary>
    public static SchedulerResolver Create(IServiceProvider services, string? name, string caller)
    {
        bool registered = name is null
            ? services.GetService<IServiceProviderIsService>()?.IsService(typeof(IKvScheduler)) ?? services.GetService<IKvScheduler>() is not null
            : services.GetService<IServiceProviderIsKeyedService>()?.IsKeyedService(typeof(IKvScheduler), name)
                ?? services.GetKeyedService<IKvScheduler>(name) is not null;
        if (registered)
        {
            return new SchedulerResolver(name);
        }

        throw new InvalidOperationException(name is null
            ? $"You must call AddKvScheduling() on the application's services before {caller}()."
            : $"You must call AddKvScheduling() with the name '{name}' on the application's services before {caller}() for that name.");
    }

    public IKvScheduler GetScheduler(IServiceProvider services) =>
        _name is null ? services.GetRequiredService<IKvScheduler>() : services.GetRequiredKeyedService<IKvScheduler>(_name);

    /// <summary>The engine's description; starts the scheduler where no host has done it.</summary>
    public async ValueTask<EngineDescription> GetEngineAsync(IServiceProvider services, CancellationToken cancellationToken)
    {
        IKvScheduler scheduler = GetScheduler(services);
        await scheduler.StartAsync(cancellationToken).ConfigureAwait(false);
        return scheduler.Engine;
    }

    public IChatClient GetChatClient(IServiceProvider services) =>
        _name is null ? services.GetRequiredService<IChatClient>() : services.GetRequiredKeyedService<IChatClient>(_name);
}
