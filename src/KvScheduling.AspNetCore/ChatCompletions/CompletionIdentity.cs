using System.Globalization;
using Microsoft.Extensions.AI;

namespace KvScheduling.AspNetCore;

/// <summary>What is the same on every frame of one answer.</summary>
internal readonly record struct CompletionIdentity(string Id, long Created, string Model)
{
    private const string Prefix = "chatcmpl-";

    /// <summary>Keeps the scheduler's id, so that an answer can be found in logs and traces.</summary>
    public static CompletionIdentity Create(string? responseId, DateTimeOffset created, string model)
    {
        string id = responseId ?? Guid.NewGuid().ToString("N", CultureInfo.InvariantCulture);
        return new CompletionIdentity(id.StartsWith(Prefix, StringComparison.Ordinal) ? id : Prefix + id, created.ToUnixTimeSeconds(), model);
    }
}
