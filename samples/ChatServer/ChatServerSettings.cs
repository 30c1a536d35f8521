namespace KvScheduling.Samples.ChatServer;

/// <summary>What the command line asked for.</summary>
internal sealed record ChatServerSettings
{
    public const string DefaultUrl = "http://127.0.0.1:5080";

    public string Urls { get; init; } = DefaultUrl;

    /// <summary>One of <see cref="EngineChoice.Names"/>.</summary>
    public string Engine { get; init; } = EngineChoice.Auto;

    /// <summary>The model folder; null for the bundled tiny-chat.</summary>
    public string? Model { get; init; }

    /// <summary>The folder of native libraries, for the ONNX engine.</summary>
    public string? Native { get; init; }

    /// <summary>The KV budget in tokens; null for the engine's choice.</summary>
    public long? KvTokens { get; init; }

    public string Policy { get; init; } = SchedulingPolicies.Adaptive;
}
