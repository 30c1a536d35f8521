using System.Collections.Concurrent;

namespace KvScheduling.OnnxGenAI.Tests;

/// <summary>Models that several tests use, each loaded once.</summary>
internal static class TestModels
{
    private static readonly ConcurrentDictionary<string, Lazy<OnnxGenAIModel>> Loaded = new();

    /// <summary>tiny-chat, paged: 1024 blocks of 16 tokens.</summary>
    public static OnnxGenAIModel Paged => Get("paged", static () => Load("paged"));

    /// <summary>tiny-chat, paged, with the native index of computed blocks.</summary>
    public static OnnxGenAIModel PagedSharing => Get("paged-sharing", static () => Load("paged", static options => options.SharePrefixes = true));

    /// <summary>tiny-chat, one generator per request.</summary>
    public static OnnxGenAIModel Flat => Get("flat", static () => Load("flat"));

    public static OnnxGenAIModel Load(string form, Action<OnnxGenAIEngineOptions>? configure = null) => LoadFolder(TestFolders.TinyChatOnnx(form), configure);

    public static OnnxGenAIModel LoadFolder(string folder, Action<OnnxGenAIEngineOptions>? configure = null)
    {
        OnnxGenAIEngineOptions options = new() { NativeFolder = TestFolders.Native };
        configure?.Invoke(options);
        return OnnxGenAIModel.Load(folder, options);
    }

    private static OnnxGenAIModel Get(string key, Func<OnnxGenAIModel> load) => Loaded.GetOrAdd(key, _ => new Lazy<OnnxGenAIModel>(load)).Value;
}
