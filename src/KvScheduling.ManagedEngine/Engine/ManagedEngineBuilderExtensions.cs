namespace KvScheduling.ManagedEngine;

/// <summary>Adds the managed engine to a scheduler.</summary>
public static class ManagedEngineBuilderExtensions
{
    /// <summary>The instance name when none is given.</summary>
    public const string DefaultInstanceName = "managed";

    /// <summary>Adds a managed engine as the instance <see cref="DefaultInstanceName"/>.</summary>
    /// <param name="builder">The builder.</param>
    /// <param name="modelFolder">The model folder, as for <see cref="ManagedEngine.Load"/>.</param>
    /// <param name="configure">Changes the engine's settings.</param>
    /// <returns>The builder.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A setting is out of range.</exception>
    public static IKvSchedulingBuilder AddManagedEngine(this IKvSchedulingBuilder builder, string modelFolder, Action<ManagedEngineOptions>? configure = null) =>
        builder.AddManagedEngine(DefaultInstanceName, modelFolder, configure);

    /// <summary>Adds a managed engine. The model is loaded when the scheduler starts.</summary>
    /// <param name="builder">The builder.</param>
    /// <param name="instanceName">The instance's name in reports and metrics.</param>
    /// <param name="modelFolder">The model folder, as for <see cref="ManagedEngine.Load"/>.</param>
    /// <param name="configure">Changes the engine's settings.</param>
    /// <returns>The builder.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A setting is out of range.</exception>
    public static IKvSchedulingBuilder AddManagedEngine(
        this IKvSchedulingBuilder builder, string instanceName, string modelFolder, Action<ManagedEngineOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrWhiteSpace(instanceName);
        ArgumentException.ThrowIfNullOrWhiteSpace(modelFolder);
        ManagedEngineOptions options = new();
        configure?.Invoke(options);
        options.Validate();
        return builder.AddEngine(instanceName, _ => ManagedEngine.Load(modelFolder, options.Clone()));
    }
}
