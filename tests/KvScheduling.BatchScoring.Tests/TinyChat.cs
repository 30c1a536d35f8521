using KvScheduling.ManagedEngine;

namespace KvScheduling.Samples.BatchScoring.Tests;

/// <summary>A scheduler over the bundled model.</summary>
internal static class TinyChat
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "models", "tiny-chat");

    public static Task<KvSchedulerHost> StartAsync(int kvTokens = 1024, Action<int>? beforeStep = null) => KvSchedulerHost.StartAsync(
        () =>
        {
            IInferenceEngine engine = ManagedEngine.ManagedEngine.Load(Folder, new ManagedEngineOptions { KvCapacityTokens = kvTokens, Threads = 1 });
            return beforeStep is null ? engine : new HeldEngine(engine, beforeStep);
        },
        new KvSchedulingOptions { ShutdownTimeout = TimeSpan.Zero, StallTimeout = 2 * HeldEngine.Patience });
}
