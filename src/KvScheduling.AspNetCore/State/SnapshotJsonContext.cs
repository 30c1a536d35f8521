using System.Text.Json.Serialization;

namespace KvScheduling.AspNetCore;

/// <summary>Snapshots as JSON: camel case, enums by name.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true)]
[JsonSerializable(typeof(SchedulerSnapshot))]
internal sealed partial class SnapshotJsonContext : JsonSerializerContext;
