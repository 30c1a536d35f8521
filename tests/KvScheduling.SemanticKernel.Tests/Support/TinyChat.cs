namespace KvScheduling.SemanticKernel.Tests;

/// <summary>The bundled model.</summary>
internal static class TinyChat
{
    /// <summary>Its folder, copied beside the tests by the sample they refer to.</summary>
    public static string Folder { get; } = Path.Combine(AppContext.BaseDirectory, "models", "tiny-chat");

    public static IInferenceEngine Load() =>
        ManagedEngine.ManagedEngine.Load(Folder, new ManagedEngine.ManagedEngineOptions { KvCapacityTokens = 8192, Threads = 1 });
}
