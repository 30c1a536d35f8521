namespace KvScheduling.ManagedEngine.Tests;

/// <summary>The bundled model: its golden cases and, computed once, what each gives when it runs alone.</summary>
internal static class TinyChat
{
    public static GoldenCase[] Cases { get; } = Golden.Load(Path.Combine(TestFolders.TinyChat, "golden.json"));

    /// <summary>Cases without the longest prompts, for modes that compute them many times over.</summary>
    public static GoldenCase[] ShortCases { get; } = Cases.Where(c => c.Prompt.Length < 500).ToArray();

    private static readonly Lazy<Driven[]> LazySolo = new(RunSolo);

    /// <summary>Tokens and logits of every case running alone.</summary>
    public static IReadOnlyList<Driven> Solo => LazySolo.Value;

    public static ManagedInferenceEngine LoadEngine(Action<ManagedEngineOptions>? configure = null)
    {
        ManagedEngineOptions options = new() { Threads = 2 };
        configure?.Invoke(options);
        using SafetensorsSource source = new(TestFolders.TinyChat);
        return ManagedEngineLoader.Load(source, null, "tiny-chat", options);
    }

    /// <summary>Asserts that every case gave the bits that it gives alone.</summary>
    public static void AssertAsAlone(GoldenCase[] cases, Driven[] driven)
    {
        Assert.Equal(cases.Length, driven.Length);
        for (int i = 0; i < cases.Length; i++)
        {
            Driven alone = Solo[Array.FindIndex(Cases, c => c.Id == cases[i].Id)];
            Assert.Equal(cases[i].Output, driven[i].Output);
            Assert.Equal(alone.Tokens, driven[i].Tokens);
            Assert.Equal(alone.Fingerprints, driven[i].Fingerprints);
        }
    }

    private static Driven[] RunSolo()
    {
        using ManagedInferenceEngine engine = LoadEngine();
        return EngineDriver.Run(engine, Cases, new DriveOptions { MaxActive = 1 });
    }
}
