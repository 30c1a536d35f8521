using Microsoft.Extensions.AI;

namespace KvScheduling;

/// <summary>Reads what the scheduler tells about a chat response.</summary>
public static class KvSchedulingChatResponseExtensions
{
    /// <summary>What the scheduler did with the request: queue time, TTFT, TPOT, evictions, cached tokens.</summary>
    /// <param name="response">The response.</param>
    /// <returns>The report; <see langword="null"/> when the response did not come through a scheduler.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="response"/> is <see langword="null"/>.</exception>
    public static SchedulingReport? GetSchedulingReport(this ChatResponse response)
    {
        ArgumentNullException.ThrowIfNull(response);
        return Find(response.AdditionalProperties);
    }

    /// <summary>What the scheduler did with the request. It rides on the last update of a stream, which has no
    /// <see cref="ChatResponseUpdate.MessageId"/>.</summary>
    /// <param name="update">The update.</param>
    /// <returns>The report; <see langword="null"/> on every other update.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="update"/> is <see langword="null"/>.</exception>
    public static SchedulingReport? GetSchedulingReport(this ChatResponseUpdate update)
    {
        ArgumentNullException.ThrowIfNull(update);
        return Find(update.AdditionalProperties);
    }

    private static SchedulingReport? Find(AdditionalPropertiesDictionary? properties) =>
        properties is not null && properties.TryGetValue(ChatPropertyNames.Report, out object? report) ? report as SchedulingReport : null;
}
