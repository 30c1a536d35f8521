using KvScheduling.ManagedEngine;

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

    public static string[] Names { get; } = [Auto, Onnx, Managed, Simulated];

    /// <summary>The engine: <see cref="Managed"/> or <see cref="Simulated"/>.</summary>
    public required string Name { get; init; }

    public required string Reason { get; init; }

    /// <summary>The model folder; null for an engine without a model.</summary>
    public string? ModelFolder { get; init; }

    public long? KvTokens { get; init; }

    private static string BundledModel => Path.Combine(AppContext.BaseDirectory, "models", "tiny-chat");

    /// <summary>Chooses the engine and checks that its model is there.</summary>
    /// <exception cref="WrongInput">It can't run.</exception>
    public static EngineChoice Make(ChatServerSettings settings) => settings.Engine switch
    {
        Onnx => throw new WrongInput(
            "The ONNX Runtime GenAI engine is not there yet. "
            + "Use --engine managed: it runs the same model folders (CPU, float32 or 4 bits) without native libraries."),
        Simulated => new EngineChoice
        {
            Name = Simulated,
            Reason = "asked for; makes up its words, with the timing of Llama-2-7B on an A100",
            KvTokens = settings.KvTokens ?? DemoKvTokens,
        },
        Managed => MakeManaged(settings, "asked for"),
        _ => MakeManaged(settings, "chosen because it runs on any machine; the native ONNX engine is not there yet"),
    };

    /// <summary>Adds the engine to a scheduler.</summary>
    public void AddTo(IKvSchedulingBuilder builder)
    {
        if (Name == Simulated)
        {
            builder.AddSimulatedEngine(configure: options => options.KvCapacityTokens = Math.Max(options.KvCapacityTokens, KvTokens ?? 0));
        }
        else
        {
            builder.AddManagedEngine(ModelFolder!, options => options.KvCapacityTokens = KvTokens > ManagedDefaultKvTokens ? KvTokens : null);
        }
    }

    private static EngineChoice MakeManaged(ChatServerSettings settings, string reason)
    {
        string folder = Path.GetFullPath(settings.Model ?? BundledModel);
        if (!Directory.Exists(folder))
        {
            throw new WrongInput($"There is no model folder at {folder}. --model takes the folder that holds config.json or genai_config.json.");
        }

        if (!File.Exists(Path.Combine(folder, "config.json")) && !File.Exists(Path.Combine(folder, "genai_config.json")))
        {
            throw new WrongInput($"{folder} is no model folder: it has neither config.json (Hugging Face) nor genai_config.json (ONNX Runtime GenAI).");
        }

        return new EngineChoice
        {
            Name = Managed,
            Reason = reason,
            ModelFolder = folder,
            KvTokens = settings.KvTokens ?? (settings.Model is null ? DemoKvTokens : null),
        };
    }
}
