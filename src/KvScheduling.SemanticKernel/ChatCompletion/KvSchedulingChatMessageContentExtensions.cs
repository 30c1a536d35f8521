using Microsoft.SemanticKernel;

namespace KvScheduling.SemanticKernel;

/// <summary>Reads what the scheduler tells about an answer.</summary>
public static class KvSchedulingChatMessageContentExtensions
{
    /// <summary>What the scheduler did with the request that produced the message: queue time, TTFT, TPOT, evictions, cached tokens. When functions were called on the way, each message has the report of its own request.</summary>
    /// <param name="content">The message.</param>
    /// <returns>The report; <see langword="null"/> when the message did not come through a scheduler.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="content"/> is <see langword="null"/>.</exception>
    public static SchedulingReport? GetSchedulingReport(this ChatMessageContent content)
    {
        ArgumentNullException.ThrowIfNull(content);
        return content.Metadata?.Values.OfType<SchedulingReport>().FirstOrDefault();
    }

    /// <summary>What the scheduler did with the request. It rides on the last update of each request.</summary>
    /// <param name="content">The update.</param>
    /// <returns>The report; <see langword="null"/> on every other update.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="content"/> is <see langword="null"/>.</exception>
    public static SchedulingReport? GetSchedulingReport(this StreamingChatMessageContent content)
    {
        ArgumentNullException.ThrowIfNull(content);
        return content.Metadata?.Values.OfType<SchedulingReport>().FirstOrDefault();
    }
}
