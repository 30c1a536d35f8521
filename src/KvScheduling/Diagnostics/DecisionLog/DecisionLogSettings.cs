using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace KvScheduling;

/// <summary>Options and engine description as the header of a decision log has them: whatever decisions may depend on, nothing else.</summary>
internal static class DecisionLogSettings
{
    /// <summary>Options that no decision of the core depends on, or that name files.</summary>
    private static readonly HashSet<string> Left =
    [
        nameof(KvSchedulingOptions.DecisionLog), nameof(KvSchedulingOptions.ToolCallFormat), nameof(KvSchedulingOptions.PrefixScope),
        nameof(KvSchedulingOptions.StallTimeout), nameof(KvSchedulingOptions.ShutdownTimeout), nameof(KvSchedulingOptions.CheckInvariants), nameof(KvSchedulingOptions.MaxEngineRestarts),
        nameof(KvSchedulingOptions.MaxQueuedRequests), nameof(KvSchedulingOptions.MaxQueuedTokens), nameof(KvSchedulingOptions.DefaultMaxOutputTokens),
    ];

    private static readonly JsonSerializerOptions Serializer = new(DecisionLogJson.Default.Options)
    {
        TypeInfoResolver = DecisionLogJson.Default.WithAddedModifier(LeaveOut),
    };

    public static void WriteOptions(Utf8JsonWriter json, KvSchedulingOptions options) => JsonSerializer.Serialize(json, options, InfoOf<KvSchedulingOptions>());

    public static void WriteEngine(Utf8JsonWriter json, EngineDescription engine) => JsonSerializer.Serialize(json, engine, InfoOf<EngineDescription>());

    /// <exception cref="JsonException">It is not what was written.</exception>
    public static KvSchedulingOptions ReadOptions(JsonElement element) =>
        element.Deserialize(InfoOf<KvSchedulingOptions>()) ?? throw new JsonException("There are no options.");

    /// <exception cref="JsonException">It is not what was written.</exception>
    public static EngineDescription ReadEngine(JsonElement element) =>
        element.Deserialize(InfoOf<EngineDescription>()) ?? throw new JsonException("There is no engine.");

    private static JsonTypeInfo<T> InfoOf<T>() => (JsonTypeInfo<T>)Serializer.GetTypeInfo(typeof(T));

    private static void LeaveOut(JsonTypeInfo info)
    {
        if (info.Type == typeof(KvSchedulingOptions))
        {
            foreach (JsonPropertyInfo property in info.Properties)
            {
                if (property.Name == nameof(KvSchedulingOptions.TenantWeights))
                {
                    // Weights come with the arrivals, under stand-ins for the names.
                    property.Get = static _ => new Dictionary<string, double>();
                }
                else if (Left.Contains(property.Name))
                {
                    property.ShouldSerialize = static (_, _) => false;
                }
            }
        }
    }
}

/// <summary>How options and engine descriptions are written and read.</summary>
[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Metadata, UseStringEnumConverter = true)]
[JsonSerializable(typeof(KvSchedulingOptions))]
[JsonSerializable(typeof(EngineDescription))]
internal sealed partial class DecisionLogJson : JsonSerializerContext;
