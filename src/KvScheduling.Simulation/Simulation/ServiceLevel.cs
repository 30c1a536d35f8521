namespace KvScheduling.Simulation;

/// <summary>What a request must not exceed to count for goodput. Limits that are <see langword="null"/> are always met.</summary>
/// <param name="TimeToFirstToken">The limit on TTFT: first token less arrival.</param>
/// <param name="TimePerOutputToken">The limit on TPOT: (last token less first token) / (output tokens - 1); met by outputs of one token.</param>
/// <param name="Latency">The limit on the time from arrival to completion.</param>
public sealed record ServiceLevel(TimeSpan? TimeToFirstToken = null, TimeSpan? TimePerOutputToken = null, TimeSpan? Latency = null)
{
    internal bool IsMetBy(in RequestTimes times) =>
        !(times.TimeToFirstToken > TimeToFirstToken) && !(times.TimePerOutputToken > TimePerOutputToken) && !(times.Latency > Latency);
}
