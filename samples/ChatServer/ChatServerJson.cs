using System.Text.Json.Serialization;

namespace KvScheduling.Samples.ChatServer;

/// <summary>What the server's own endpoints read and write, without reflection, so that it can be published ahead of time.</summary>
[JsonSourceGenerationOptions(System.Text.Json.JsonSerializerDefaults.Web, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ServerInfo))]
[JsonSerializable(typeof(BurstRequest))]
[JsonSerializable(typeof(BurstEvent))]
[JsonSerializable(typeof(string))]
internal sealed partial class ChatServerJson : JsonSerializerContext;
