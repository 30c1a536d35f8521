using KvScheduling.ManagedEngine;

namespace KvScheduling.Samples.BatchScoring.Tests;

/// <summary>A scheduler over the bundled model.</summary>
internal static class TinyChat
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "models", "tiny-chat");

    public static Task<KvSchedulerHost> StartAsync(int kvTokens = 1024) => KvSchedulerHost.StartAsync(
        () => ManagedEngine.ManagedEngine.Load(Folder, new ManagedEngineOptions { KvCapacityTokens = kvTokens, Threads = 1 }),
        new KvSchedulingOptions { ShutdownTimeout = TimeSpan.Zero });
}
