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
        int least = rows.Find("min_output_tokens");
        int most = rows.Find("max_output_tokens");
        if ((least >= 0) != (most >= 0))
        {
            throw new WorkloadException($"{path} has one of the columns 'min_output_tokens' and 'max_output_tokens'. Give both, or none.");
        }

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

            yield return new WorkloadRequest(arrival, rows.Whole(prompt, 1, Length), rows.Whole(output, 1, Length))
            {
                PredictedOutput = least >= 0 ? new OutputInterval(rows.Whole(least, 1, Length), rows.Whole(most, 1, Length)) : null,
            };
        }
    }
}
