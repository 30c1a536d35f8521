namespace KvScheduling.Simulation;

/// <summary>A workload in a CSV file with a header.</summary>
internal static class CsvTrace
{
    private const double LongestSeconds = 1e11;

    public static IEnumerable<WorkloadRequest> Read(string path)
    {
        using var rows = new CsvRows(path);
        int prompt = rows.Column("prompt_tokens", "num_prefill_tokens", "ContextTokens");
        int output = rows.Column("output_tokens", "num_decode_tokens", "GeneratedTokens");
        int seconds = rows.Find("arrival_seconds", "arrived_at");
        int timestamp = rows.Find("TIMESTAMP");
        var hints = new CsvHints(rows, path);
        DateTime? first = null;
        while (rows.Next())
        {
            TimeSpan arrival = TimeSpan.Zero;
            if (seconds >= 0)
            {
                arrival = rows.Seconds(seconds, LongestSeconds, "seconds, zero or more");
            }
            else if (timestamp >= 0)
            {
                DateTime time = rows.Timestamp(timestamp);
                first ??= time;
                arrival = time - first.Value;
            }

            yield return hints.AddTo(new WorkloadRequest(arrival, rows.Tokens(prompt), rows.Tokens(output)));
        }
    }
}
