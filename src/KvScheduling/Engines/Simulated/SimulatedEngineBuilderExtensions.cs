using Microsoft.Extensions.DependencyInjection;

namespace KvScheduling;

/// <summary>Adds a simulated engine to a scheduler.</summary>
public static class SimulatedEngineBuilderExtensions
{
    /// <summary>Adds a <see cref="SimulatedEngine"/> as the engine instance that serves the scheduler.</summary>
    /// <param name="builder">The builder.</param>
    /// <param name="instanceName">The instance's name in reports and metrics.</param>
    /// <param name="configure">Changes the settings; called once, so that <see cref="SimulatedFaults"/> count on over an engine that is built again.</param>
    /// <returns>The builder.</returns>
    /// <exception cref="ArgumentException">A setting is out of its range.</exception>
    public static IKvSchedulingBuilder AddSimulatedEngine(
        this IKvSchedulingBuilder builder, string instanceName = "simulated", Action<SimulatedEngineOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        SimulatedEngineOptions options = new();
        configure?.Invoke(options);
        options.Validate();
        return builder.AddEngine(instanceName, services =>
        {
            options.TimeProvider ??= services.GetService<TimeProvider>();
            return new SimulatedEngine(options);
        });
    }
}
