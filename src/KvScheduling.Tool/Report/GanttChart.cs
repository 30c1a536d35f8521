namespace KvScheduling.Tool;

/// <summary>Requests as bars over time: waiting, prefill, decode. Requests that start at once are a batch; batches alternate in colour.</summary>
/// <param name="Title">What it shows, for those who can't see it.</param>
/// <param name="XLabel">The unit of time.</param>
/// <param name="Bars">The requests, in the order of their starts.</param>
internal sealed record GanttChart(string Title, string XLabel, IReadOnlyList<GanttBar> Bars);

/// <summary>One request.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Arrival">When it arrived.</param>
/// <param name="Start">When it first started.</param>
/// <param name="FirstToken">When its first token came.</param>
/// <param name="End">When it completed.</param>
internal sealed record GanttBar(string Name, double Arrival, double Start, double FirstToken, double End);
