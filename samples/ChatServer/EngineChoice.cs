using KvScheduling.ManagedEngine;
using KvScheduling.OnnxGenAI;

namespace KvScheduling.Samples.ChatServer;

/// <summary>The engine that will run, and why it was chosen.</summary>
internal sealed record EngineChoice
{
    public const string Auto = "auto";
    public const string Onnx = "onnx";
    public const string Managed = "managed";
    public const string Simulated = "simulated";

    /// <summary>One block, of the managed and of the simulated engine.</summary>
    public const long MinKvTokens = 16;

    /// <summary>Small enough that a burst of the page's requests has to wait.</summary>
    private const long DemoKvTokens = 4096;

    /// <summary>What the managed engine takes by default; a larger budget needs a larger cache.</summary>
    private const long ManagedDefaultKvTokens = 65_536;

    private const string BundledModel = "tiny-chat";
    private const string OnnxConfig = "genai_config.json";

    public static string[] Names { get; } = [Auto, Onnx, Managed, Simulated];

    /// <summary>The engine: <see cref="Onnx"/>, <see cref="Managed"/> or <see cref="Simulated"/>.</summary>
    public required string Name { get; init; }

    public required string Reason { get; init; }

    /// <summary>The model folder; null for an engine without a model.</summary>
    public string? ModelFolder { get; init; }

    /// <summary>The model's name where the folder's is not it.</summary>
    public string? ModelId { get; init; }

    /// <summary>The folder of native libraries; null for where they usually are.</summary>
    public string? NativeFolder { get; init; }

    public long? KvTokens { get; init; }

    /// <summary>The KV budget for the scheduler; null for all that the engine has. The ONNX engine is given a pool of that size instead.</summary>
    public long? KvBudgetTokens => Name == Onnx ? null : KvTokens;

    /// <summary>Chooses the engine and checks that its model is there.</summary>
    /// <exception cref="WrongInput">It can't run.</exception>
    public static EngineChoice Make(ChatServerSettings settings)
    {
        switch (settings.Engine)
        {
            case Onnx:
                return OnnxGenAIRuntime.IsAvailable(settings.Native, out string? missing)
                    ? MakeOnnx(settings, "asked for")
                    : throw new WrongInput($"{missing} Or use --engine managed: it runs the same model without native libraries.");
            case Managed:
                return MakeManaged(settings, "asked for");
            case Simulated:
                return new EngineChoice
                {
                    Name = Simulated,
                    Reason = "asked for; makes up its words, with the timing of Llama-2-7B on an A100",
                    KvTokens = settings.KvTokens ?? DemoKvTokens,
                };
            default:
                return MakeAuto(settings);
        }
    }

    /// <summary>Adds the engine to a scheduler.</summary>
    public void AddTo(IKvSchedulingBuilder builder)
    {
        switch (Name)
        {
            case Onnx:
                builder.AddOnnxGenAIEngine(ModelFolder!, options =>
                {
                    options.ModelId = ModelId;
                    options.NativeFolder = NativeFolder;
                    options.KvTokens = KvTokens;
                });
                break;
            case Managed:
                builder.AddManagedEngine(ModelFolder!, options => options.KvCapacityTokens = KvTokens > ManagedDefaultKvTokens ? KvTokens : null);
                break;
            default:
                builder.AddSimulatedEngine(configure: options => options.KvCapacityTokens = Math.Max(options.KvCapacityTokens, KvTokens ?? 0));
                break;
        }
    }

    private static EngineChoice MakeAuto(ChatServerSettings settings)
    {
        if (settings.Model is not null && !File.Exists(Path.Combine(settings.Model, OnnxConfig)))
        {
            return MakeManaged(settings, "chosen because the model is a Hugging Face folder; the onnx engine takes what ONNX Runtime GenAI's model builder writes");
        }

        if (OnnxGenAIRuntime.IsAvailable(settings.Native, out string? missing))
        {
            return MakeOnnx(settings, "chosen because the native libraries of ONNX Runtime GenAI and a model for them are there");
        }

        // A folder that was named is meant to be used.
        return settings.Native is null
            ? MakeManaged(settings, "chosen because it needs no native libraries, and those of ONNX Runtime GenAI were not found; --engine onnx says where they are looked for")
            : throw new WrongInput(missing);
    }

    private static EngineChoice MakeOnnx(ChatServerSettings settings, string reason) => new()
    {
        Name = Onnx,
        Reason = reason,
        ModelFolder = settings.Model is null ? Bundled(BundledModel + "-onnx") : Existing(settings.Model),
        ModelId = settings.Model is null ? BundledModel : null,
        NativeFolder = settings.Native,
        KvTokens = KvTokensOf(settings),
    };

    private static EngineChoice MakeManaged(ChatServerSettings settings, string reason)
    {
        string folder = settings.Model is null ? Bundled(BundledModel) : Existing(settings.Model);
        if (!File.Exists(Path.Combine(folder, "config.json")) && !File.Exists(Path.Combine(folder, OnnxConfig)))
        {
            throw new WrongInput($"{folder} is no model folder: it has neither config.json (Hugging Face) nor {OnnxConfig} (ONNX Runtime GenAI).");
        }

        return new EngineChoice { Name = Managed, Reason = reason, ModelFolder = folder, KvTokens = KvTokensOf(settings) };
    }

    private static long? KvTokensOf(ChatServerSettings settings) => settings.KvTokens ?? (settings.Model is null ? DemoKvTokens : null);

    private static string Bundled(string name) => Path.Combine(AppContext.BaseDirectory, "models", name);

    private static string Existing(string folder)
    {
        string full = Path.GetFullPath(folder);
        return Directory.Exists(full) ? full : throw new WrongInput($"There is no model folder at {full}. --model takes the folder that holds config.json or {OnnxConfig}.");
    }
}
