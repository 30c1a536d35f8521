using System.Globalization;
using CsvHelper;

namespace KvScheduling.Simulation;

/// <summary>A workload in a CSV file with a header.</summary>
internal static class CsvTrace
{
    private static readonly string[] PromptColumns = ["prompt_tokens", "num_prefill_tokens", "ContextTokens"];
    private static readonly string[] OutputColumns = ["output_tokens", "num_decode_tokens", "GeneratedTokens"];
    private static readonly string[] SecondsColumns = ["arrival_seconds", "arrived_at"];
    private const string TimestampColumn = "TIMESTAMP";

    private static readonly CsvReaderOptions Options = CsvReaderOptions.Default with
    {
        Separator = ',',
        MalformedData = CsvMalformedDataHandling.Throw,
        FieldCountMismatch = CsvFieldCountHandling.Throw,
        TrackLineNumbers = true,
    };

    public static IEnumerable<WorkloadRequest> Read(string path)
    {
        using CsvReader csv = Open(path);
        int prompt = Column(csv, path, PromptColumns);
        int output = Column(csv, path, OutputColumns);
        int seconds = Find(csv, SecondsColumns);
        int timestamp = csv.TryGetFieldIndex(TimestampColumn, out int found) ? found : -1;
        DateTime? first = null;
        while (Next(csv, path))
        {
            TimeSpan arrival = TimeSpan.Zero;
            if (seconds >= 0)
            {
                arrival = Seconds(csv, seconds, path);
            }
            else if (timestamp >= 0)
            {
                DateTime time = Timestamp(csv, timestamp, path);
                first ??= time;
                arrival = time - first.Value;
            }

            yield return new WorkloadRequest(arrival, Length(csv, prompt, path), Length(csv, output, path));
        }
    }

    private static CsvReader Open(string path)
    {
        try
        {
            CsvReader csv = CsvReader.FromFile(path, Options);
            csv.ReadHeader();
            return csv;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or CsvFormatException)
        {
            throw new WorkloadException($"{path} can't be read: {error.Message}", error);
        }
    }

    private static bool Next(CsvReader csv, string path)
    {
        try
        {
            return csv.Read();
        }
        catch (Exception error) when (error is IOException or CsvFormatException)
        {
            throw new WorkloadException($"{path} is no CSV file with one request per row: {error.Message}", error);
        }
    }

    private static int Find(CsvReader csv, string[] names)
    {
        foreach (string name in names)
        {
            if (csv.TryGetFieldIndex(name, out int index))
            {
                return index;
            }
        }

        return -1;
    }

    private static int Column(CsvReader csv, string path, string[] names)
    {
        int index = Find(csv, names);
        return index >= 0
            ? index
            : throw new WorkloadException(csv.Headers.Count == 0
                ? $"{path} is empty. Its first line must name the columns, such as prompt_tokens,output_tokens."
                : $"{path} has no column '{names[0]}' (nor {string.Join(" or ", names.Skip(1).Select(static name => $"'{name}'"))}). It has: {string.Join(", ", csv.Headers)}. "
                    + "Name the columns in the first line.");
    }

    private static int Length(CsvReader csv, int column, string path)
    {
        ReadOnlySpan<byte> field = csv.GetSpan(column);
        return int.TryParse(field, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int tokens) && tokens >= 1
            ? tokens
            : throw Wrong(csv, column, path, "a whole number of tokens, at least 1");
    }

    private static TimeSpan Seconds(CsvReader csv, int column, string path)
    {
        return double.TryParse(csv.GetSpan(column), NumberStyles.Float, CultureInfo.InvariantCulture, out double seconds) && seconds is >= 0 and < 1e11
            ? new TimeSpan((long)Math.Round(seconds * TimeSpan.TicksPerSecond))
            : throw Wrong(csv, column, path, "seconds, zero or more");
    }

    private static DateTime Timestamp(CsvReader csv, int column, string path)
    {
        const DateTimeStyles Styles = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;
        return DateTime.TryParse(csv.GetString(column), CultureInfo.InvariantCulture, Styles, out DateTime time)
            ? time
            : throw Wrong(csv, column, path, "a date and time, such as 2023-11-16 18:15:46.68");
    }

    private static WorkloadException Wrong(CsvReader csv, int column, string path, string expected) =>
        new($"{path}, row {csv.RowNumber} (line {csv.LineNumber}): '{csv.GetString(column)}' in column '{csv.Headers[column]}' must be {expected}. Correct the row or remove it.");
}
