using System.Text.Json.Serialization;

namespace KvScheduling.AspNetCore;

/// <summary>Snapshots as JSON: snake case like the OpenAI endpoints, enums by name.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UseStringEnumConverter = true)]
[JsonSerializable(typeof(SchedulerSnapshot))]
internal sealed partial class SnapshotJsonContext : JsonSerializerContext;
