using KvScheduling.ManagedEngine;

namespace KvScheduling.Samples.BacklogDrain;

/// <summary>The engine to drain with.</summary>
internal static class EngineChoice
{
    public const string Managed = "managed";
    public const string Simulated = "simulated";

    /// <summary>What the managed engine takes by default; a larger budget needs a larger cache.</summary>
    private const long ManagedDefaultKvTokens = 65_536;

    private const double SimulatedSpeed = 20;

    /// <summary>What builds the engine.</summary>
    public static Func<IInferenceEngine> FactoryOf(DrainSettings settings)
    {
        if (settings.Engine == Simulated)
        {
            SimulatedEngineOptions options = new() { Speed = SimulatedSpeed };
            options.KvCapacityTokens = Math.Max(options.KvCapacityTokens, settings.KvTokens);
            return () => new SimulatedEngine(options);
        }

        string folder = settings.Model ?? Path.Combine(AppContext.BaseDirectory, "models", "tiny-chat");
        ManagedEngineOptions managed = new() { KvCapacityTokens = settings.KvTokens > ManagedDefaultKvTokens ? settings.KvTokens : null };
        return () => ManagedEngine.ManagedEngine.Load(folder, managed);
    }
}
