namespace KvScheduling;

/// <summary>Adds engines and policies to a scheduler.</summary>
public static class KvSchedulingBuilderExtensions
{
    /// <summary>Adds the engine instance that serves the scheduler.</summary>
    /// <param name="builder">The builder.</param>
    /// <param name="instanceName">The instance's name in reports and metrics.</param>
    /// <param name="factory">Builds the engine; called on the loop's thread, and again after a fatal fault. What it returns is disposed with the scheduler.</param>
    /// <returns>The builder.</returns>
    public static IKvSchedulingBuilder AddEngine(this IKvSchedulingBuilder builder, string instanceName, Func<IServiceProvider, IInferenceEngine> factory) =>
        throw new NotImplementedException();
}
