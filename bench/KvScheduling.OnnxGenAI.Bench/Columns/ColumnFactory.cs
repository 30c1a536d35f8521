namespace KvScheduling.OnnxGenAI.Bench;

/// <summary>Builds columns by name.</summary>
internal static class ColumnFactory
{
    public const string PerCall = "generator per call";
    public const string Scheduled = "KvScheduling, ONNX";
    public const string Managed = "KvScheduling, managed";
    public const string Bare = "bare native loop";

    /// <summary>Room for all requests at once, so that nobody waits in any column.</summary>
    private const int KvTokens = 8192;

    public static string[] Names { get; } = [PerCall, Scheduled, Managed, Bare];

    public static async Task<IColumn> CreateAsync(string name, BenchSettings settings, int accuracy)
    {
        switch (name)
        {
            case PerCall:
                return new GeneratorPerCallColumn(Load(settings, "flat", accuracy));
            case Bare:
                return new BareLoopColumn(Load(settings, "paged", accuracy));
            case Scheduled:
                OnnxGenAIModel model = Load(settings, "paged", accuracy);
                return await ScheduledColumn.StartAsync(model.CreateEngine, model);
            case Managed:
                string folder = Path.Combine(settings.Model, "flat");
                return await ScheduledColumn.StartAsync(() => ManagedEngine.ManagedEngine.Load(folder, new ManagedEngine.ManagedEngineOptions { KvCapacityTokens = KvTokens, Threads = settings.Threads }), null);
            default:
                throw new ArgumentException($"There is no column '{name}'; there are {string.Join(", ", Names)}.", nameof(name));
        }
    }

    public static OnnxGenAIModel Load(BenchSettings settings, string form, int accuracy) =>
        OnnxGenAIModel.Load(Path.Combine(settings.Model, form), new OnnxGenAIEngineOptions
        {
            NativeFolder = settings.Native,
            ModelFile = BenchSettings.GraphOf(accuracy),
            KvTokens = KvTokens,
            Threads = settings.Threads,
        });
}
