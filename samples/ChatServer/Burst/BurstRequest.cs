namespace KvScheduling.Samples.ChatServer;

/// <summary>The body of POST /burst.</summary>
/// <param name="Count">How many requests to send at once.</param>
/// <param name="Seed">Chooses the requests; null for others each time.</param>
internal sealed record BurstRequest(int Count, int? Seed = null);
