using Microsoft.Extensions.AI;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace KvScheduling;

/// <summary>Registers schedulers.</summary>
public static class KvSchedulingServiceCollectionExtensions
{
    /// <summary>Registers the default scheduler: <see cref="IKvScheduler"/> and <see cref="IChatClient"/> as singletons, started and drained by the host, or started by their first use.</summary>
    /// <param name="services">The services.</param>
    /// <param name="configure">Sets options; checked when the host starts.</param>
    /// <returns>A builder to add the engine to.</returns>
    public static IKvSchedulingBuilder AddKvScheduling(this IServiceCollection services, Action<KvSchedulingOptions>? configure = null) =>
        AddKvScheduling(services, string.Empty, configure);

    /// <summary>Registers a scheduler under a name: <see cref="IKvScheduler"/> and <see cref="IChatClient"/> as keyed singletons.</summary>
    /// <param name="services">The services.</param>
    /// <param name="name">The name; the service key and the options' name.</param>
    /// <param name="configure">Sets options; checked when the host starts.</param>
    /// <returns>A builder to add the engine to.</returns>
    public static IKvSchedulingBuilder AddKvScheduling(this IServiceCollection services, string name, Action<KvSchedulingOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(name);
        OptionsBuilder<KvSchedulingOptions> options = AddCore(services, name);
        if (configure is not null)
        {
            options.Configure(configure);
        }

        return new Builder(name, services);
    }

    /// <summary>Registers the default scheduler with options from configuration.</summary>
    /// <param name="services">The services.</param>
    /// <param name="configuration">The section that holds <see cref="KvSchedulingOptions"/>, by convention <c>KvScheduling</c>.</param>
    /// <returns>A builder to add the engine to.</returns>
    public static IKvSchedulingBuilder AddKvScheduling(this IServiceCollection services, IConfigurationSection configuration)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configuration);
        AddCore(services, string.Empty).Bind(configuration);
        return new Builder(string.Empty, services);
    }

    private static OptionsBuilder<KvSchedulingOptions> AddCore(IServiceCollection services, string name)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<KvSchedulingOptions>, KvSchedulingOptionsValidator>());
        if (!services.Any(service => service.ServiceType == typeof(KvScheduler) && Equals(service.ServiceKey, name)))
        {
            services.AddKeyedSingleton(name, static (provider, key) => KvSchedulerFactory.Create(provider, (string)key!));
            services.AddKeyedSingleton<IKvScheduler>(name, static (provider, key) => provider.GetRequiredKeyedService<KvScheduler>(key));
            services.AddKeyedSingleton<IChatClient>(name, static (provider, key) => provider.GetRequiredKeyedService<KvScheduler>(key).CreateChatClient());
            services.AddSingleton<IHostedService>(provider => new KvSchedulingHostedService(provider.GetRequiredKeyedService<KvScheduler>(name)));
            if (name.Length == 0)
            {
                services.TryAddSingleton<IKvScheduler>(static provider => provider.GetRequiredKeyedService<KvScheduler>(string.Empty));
                services.TryAddSingleton<IChatClient>(static provider => provider.GetRequiredKeyedService<IChatClient>(string.Empty));
            }
        }

        return services.AddOptions<KvSchedulingOptions>(name).ValidateOnStart();
    }

    private sealed record Builder(string Name, IServiceCollection Services) : IKvSchedulingBuilder;
}
