using Microsoft.Extensions.DependencyInjection;

namespace KvScheduling;

/// <summary>Adds engines and policies to a scheduler.</summary>
public static class KvSchedulingBuilderExtensions
{
    /// <summary>Adds the engine instance that serves the scheduler.</summary>
    /// <param name="builder">The builder.</param>
    /// <param name="instanceName">The instance's name in reports and metrics.</param>
    /// <param name="factory">Builds the engine; called on the loop's thread, and again after a fatal fault. What it returns is disposed with the scheduler.</param>
    /// <returns>The builder.</returns>
    /// <exception cref="InvalidOperationException">The scheduler has an engine already.</exception>
    public static IKvSchedulingBuilder AddEngine(this IKvSchedulingBuilder builder, string instanceName, Func<IServiceProvider, IInferenceEngine> factory)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrWhiteSpace(instanceName);
        ArgumentNullException.ThrowIfNull(factory);
        if (builder.Services.Any(service => service.ImplementationInstance is EngineRegistration registration && registration.SchedulerName == builder.Name))
        {
            throw new InvalidOperationException(
                $"The scheduler '{builder.Name}' has an engine already. A scheduler drives one engine; register another scheduler under a name of its own: AddKvScheduling(\"name\").");
        }

        builder.Services.AddSingleton(new EngineRegistration(builder.Name, instanceName, factory));
        return builder;
    }

    /// <summary>Adds a policy of the application's own; <see cref="KvSchedulingOptions.Policy"/> selects it by name.</summary>
    /// <param name="builder">The builder.</param>
    /// <param name="policyName">The name.</param>
    /// <param name="factory">Makes one policy object; called once per priority in use.</param>
    /// <returns>The builder.</returns>
    public static IKvSchedulingBuilder AddPolicy(this IKvSchedulingBuilder builder, string policyName, Func<IServiceProvider, PolicyContext, ISchedulingPolicy> factory)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrWhiteSpace(policyName);
        ArgumentNullException.ThrowIfNull(factory);
        builder.Services.AddSingleton(new PolicyRegistration(builder.Name, policyName, factory));
        return builder;
    }

    /// <summary>Logs the scheduler's decisions to a file from which they can be replayed (<see cref="KvSchedulingOptions.DecisionLog"/>).</summary>
    /// <param name="builder">The builder.</param>
    /// <param name="path">The file.</param>
    /// <param name="configure">Changes the log's limits.</param>
    /// <returns>The builder.</returns>
    public static IKvSchedulingBuilder AddDecisionLog(this IKvSchedulingBuilder builder, string path, Action<DecisionLogOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        builder.Services.Configure<KvSchedulingOptions>(builder.Name, options =>
        {
            options.DecisionLog.Path = path;
            configure?.Invoke(options.DecisionLog);
        });
        return builder;
    }

    /// <summary>Lets a predictor of the application's own estimate output lengths of requests that bring no hint.</summary>
    /// <param name="builder">The builder.</param>
    /// <param name="factory">Makes the predictor, once.</param>
    /// <returns>The builder.</returns>
    public static IKvSchedulingBuilder UseLengthPredictor(this IKvSchedulingBuilder builder, Func<IServiceProvider, ILengthPredictor> factory)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(factory);
        builder.Services.AddSingleton(new PredictorRegistration(builder.Name, factory));
        return builder;
    }
}
