using System.Globalization;
using CsvHelper;

namespace KvScheduling.Simulation;

/// <summary>A CSV file with a header, row by row; every complaint names the file, the row and the way out.</summary>
internal sealed class CsvRows : IDisposable
{
    private static readonly CsvReaderOptions Options = CsvReaderOptions.Default with
    {
        Separator = ',',
        MalformedData = CsvMalformedDataHandling.Throw,
        FieldCountMismatch = CsvFieldCountHandling.Throw,
        TrackLineNumbers = true,
    };

    private readonly string _path;
    private readonly CsvReader _csv;

    /// <exception cref="WorkloadException">The file can't be read.</exception>
    public CsvRows(string path)
    {
        _path = path;
        try
        {
            _csv = CsvReader.FromFile(path, Options);
            _csv.ReadHeader();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or CsvFormatException)
        {
            _csv?.Dispose();
            throw new WorkloadException($"{path} can't be read: {error.Message}", error);
        }
    }

    public void Dispose() => _csv.Dispose();

    /// <summary>Goes to the next row; false at the end.</summary>
    /// <exception cref="WorkloadException">The row is malformed.</exception>
    public bool Next()
    {
        try
        {
            return _csv.Read();
        }
        catch (Exception error) when (error is IOException or CsvFormatException)
        {
            throw new WorkloadException($"{_path} is no CSV file with a header and rows of as many fields: {error.Message}", error);
        }
    }

    /// <summary>The place of the first of these columns that is there, or -1.</summary>
    public int Find(params ReadOnlySpan<string> names)
    {
        foreach (string name in names)
        {
            if (_csv.TryGetFieldIndex(name, out int index))
            {
                return index;
            }
        }

        return -1;
    }

    /// <summary>The place of the first of these columns that is there.</summary>
    /// <exception cref="WorkloadException">None is.</exception>
    public int Column(params string[] names)
    {
        int index = Find(names);
        string others = names.Length > 1 ? $" (nor {string.Join(" or ", names.Skip(1).Select(static name => $"'{name}'"))})" : string.Empty;
        return index >= 0
            ? index
            : throw new WorkloadException(_csv.Headers.Count == 0
                ? $"{_path} is empty. Its first line must name the columns, among them {names[0]}."
                : $"{_path} has no column '{names[0]}'{others}. It has: {string.Join(", ", _csv.Headers)}. Name the columns in the first line.");
    }

    public bool IsEmpty(int column) => string.IsNullOrWhiteSpace(_csv.GetString(column));

    public string Text(int column) => _csv.GetString(column)!.Trim();

    /// <exception cref="WorkloadException">The field is no number of tokens.</exception>
    public int Tokens(int column) => Whole(column, 1, "a whole number of tokens, at least 1");

    /// <exception cref="WorkloadException">The field is no whole number, or less than the least.</exception>
    public int Whole(int column, int least, string expected) =>
        int.TryParse(_csv.GetSpan(column), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value) && value >= least ? value : throw Wrong(column, expected);

    /// <exception cref="WorkloadException">The field is no number, or negative, or not below the limit.</exception>
    public double Number(int column, double below, string expected) =>
        double.TryParse(_csv.GetSpan(column), NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && value >= 0 && value < below
            ? value
            : throw Wrong(column, expected);

    /// <exception cref="WorkloadException">The field is no number, or negative, or not below the limit.</exception>
    public TimeSpan Seconds(int column, double below, string expected) => new((long)Math.Round(Number(column, below, expected) * TimeSpan.TicksPerSecond));

    /// <exception cref="WorkloadException">The field is no date and time.</exception>
    public DateTime Timestamp(int column)
    {
        const DateTimeStyles Styles = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;
        return DateTime.TryParse(_csv.GetString(column), CultureInfo.InvariantCulture, Styles, out DateTime time)
            ? time
            : throw Wrong(column, "a date and time, such as 2023-11-16 18:15:46.68");
    }

    /// <summary>What to throw for a field that can't be used.</summary>
    public WorkloadException Wrong(int column, string expected) =>
        new($"{_path}, row {_csv.RowNumber} (line {_csv.LineNumber}): '{_csv.GetString(column)}' in column '{_csv.Headers[column]}' must be {expected}. Correct the row or remove it.");
}
