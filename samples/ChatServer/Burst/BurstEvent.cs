using System.Text.Json.Serialization;

namespace KvScheduling.Samples.ChatServer;

/// <summary>What happens in a burst.</summary>
/// <param name="Type"><c>start</c> (of the burst), <c>first</c> (token), <c>done</c> or <c>failed</c>.</param>
internal sealed record BurstEvent(string Type)
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<BurstItem>? Requests { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Index { get; init; }

    /// <summary>Milliseconds since the burst began.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? Ms { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Text { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Message { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public BurstReport? Report { get; init; }
}

/// <summary>One request of a burst.</summary>
internal sealed record BurstItem(string Kind, string Prompt);

/// <summary>A <see cref="SchedulingReport"/> in milliseconds, under the same names as in the OpenAI answers.</summary>
internal sealed record BurstReport(double QueueMs, double? TtftMs, double? TpotMs, int PromptTokens, int OutputTokens, int CachedTokens, int Evictions)
{
    public static BurstReport From(SchedulingReport report) => new(
        Round(report.QueueTime),
        report.TimeToFirstToken is TimeSpan ttft ? Round(ttft) : null,
        report.TimePerOutputToken is TimeSpan tpot ? Round(tpot) : null,
        report.PromptTokens,
        report.OutputTokens,
        report.CachedTokens,
        report.Evictions);

    private static double Round(TimeSpan time) => Math.Round(time.TotalMilliseconds, 3);
}
