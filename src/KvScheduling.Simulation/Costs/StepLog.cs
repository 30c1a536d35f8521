namespace KvScheduling.Simulation;

/// <summary>Reads recorded steps: CSV with the columns <c>prefill_tokens,decode_rows,kv_tokens,milliseconds</c>, a row per step; other columns are skipped.</summary>
public static class StepLog
{
    /// <summary>Reads a file, row by row, as the steps are asked for.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The steps; each enumeration reads the file anew.</returns>
    /// <exception cref="WorkloadException">While it is enumerated: the file can't be read, or a column or a row is wrong; the message names it.</exception>
    public static IEnumerable<StepTime> Read(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return Steps(path);
    }

    private static IEnumerable<StepTime> Steps(string path)
    {
        using var rows = new CsvRows(path);
        int prefill = rows.Column("prefill_tokens");
        int decodes = rows.Column("decode_rows");
        int kv = rows.Column("kv_tokens");
        int time = rows.Column("milliseconds");
        while (rows.Next())
        {
            yield return new StepTime(
                rows.Whole(prefill, 0, "a whole number of tokens, zero or more"),
                rows.Whole(decodes, 0, "a whole number of sequences, zero or more"),
                (long)rows.Number(kv, 1e15, "a number of tokens, zero or more"),
                rows.Number(time, 1e12, "milliseconds, zero or more"));
        }
    }
}
