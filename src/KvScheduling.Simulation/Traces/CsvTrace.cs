namespace KvScheduling.Simulation;

/// <summary>A workload in a CSV file with a header.</summary>
internal static class CsvTrace
{
    private const string Length = "a whole number of tokens, at least 1";

    public static IEnumerable<WorkloadRequest> Read(string path)
    {
        using var rows = new CsvRows(path);
        int prompt = rows.Column("prompt_tokens", "num_prefill_tokens", "ContextTokens");
        int output = rows.Column("output_tokens", "num_decode_tokens", "GeneratedTokens");
        int seconds = rows.Find("arrival_seconds", "arrived_at");
        int timestamp = rows.Find("TIMESTAMP");
        DateTime? first = null;
        while (rows.Next())
        {
            TimeSpan arrival = TimeSpan.Zero;
            if (seconds >= 0)
            {
                arrival = new TimeSpan((long)Math.Round(rows.Number(seconds, 1e11, "seconds, zero or more") * TimeSpan.TicksPerSecond));
            }
            else if (timestamp >= 0)
            {
                DateTime time = rows.Timestamp(timestamp);
                first ??= time;
                arrival = time - first.Value;
            }

            yield return new WorkloadRequest(arrival, rows.Whole(prompt, 1, Length), rows.Whole(output, 1, Length));
        }
    }
}
