namespace KvScheduling.Samples.BatchScoring;

/// <summary>A CSV file with a header line, read as it is needed.</summary>
internal sealed class CsvTable
{
    private readonly string _path;

    private CsvTable(string path, string[] header)
    {
        _path = path;
        Header = header;
    }

    public IReadOnlyList<string> Header { get; }

    /// <exception cref="InvalidDataException">The file has no header line.</exception>
    public static CsvTable Open(string path)
    {
        using var reader = new StreamReader(path);
        return new CsvTable(path, Csv.Read(reader).FirstOrDefault() ?? throw new InvalidDataException($"{path} is empty: it needs a header line."));
    }

    /// <exception cref="InvalidDataException">There is no such column.</exception>
    public int Column(string name)
    {
        int index = Header.ToList().FindIndex(column => string.Equals(column, name, StringComparison.OrdinalIgnoreCase));
        return index >= 0 ? index : throw new InvalidDataException($"{_path} has no column '{name}'. It has: {string.Join(", ", Header)}.");
    }

    public IEnumerable<string[]> Rows()
    {
        using var reader = new StreamReader(_path);
        int number = 0;
        foreach (string[] row in Csv.Read(reader).Skip(1))
        {
            number++;
            yield return row.Length == Header.Count ? row
                : throw new InvalidDataException($"{_path}, row {number}: {row.Length} fields instead of {Header.Count}.");
        }
    }
}
