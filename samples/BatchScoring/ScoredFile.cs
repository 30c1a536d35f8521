using System.Globalization;

namespace KvScheduling.Samples.BatchScoring;

/// <summary>The output: the input's columns, the completion, and the row's number, by which a later run knows what is done. A row is on disk before the next is written.</summary>
internal sealed class ScoredFile : IDisposable
{
    private const string RowColumn = "row";

    private readonly StreamWriter _writer;

    private ScoredFile(StreamWriter writer, HashSet<int> done)
    {
        _writer = writer;
        Done = done;
    }

    /// <summary>The rows that earlier runs wrote.</summary>
    public IReadOnlySet<int> Done { get; }

    /// <summary>Opens the file, or goes on with one that a killed run left: half a row at its end is cut off.</summary>
    /// <exception cref="InvalidDataException">The file is not an output of this input.</exception>
    public static ScoredFile Open(string path, IReadOnlyList<string> inputHeader, string completionColumn)
    {
        string[] header = [RowColumn, .. inputHeader, completionColumn];
        HashSet<int> done = [];
        if (File.Exists(path))
        {
            CutHalfRow(path);
            done = ReadDone(path, header);
        }

        bool isNew = !File.Exists(path) || new FileInfo(path).Length == 0;
        var file = new ScoredFile(new StreamWriter(path, append: true) { AutoFlush = true }, done);
        if (isNew)
        {
            Csv.Write(file._writer, header);
        }

        return file;
    }

    public void Write(int row, IReadOnlyList<string> input, string completion) =>
        Csv.Write(_writer, [row.ToString(CultureInfo.InvariantCulture), .. input, completion]);

    public void Dispose() => _writer.Dispose();

    private static HashSet<int> ReadDone(string path, string[] header)
    {
        using var reader = new StreamReader(path);
        HashSet<int> done = [];
        bool isHeader = true;
        foreach (string[] record in Csv.Read(reader))
        {
            if (!isHeader)
            {
                done.Add(int.Parse(record[0], CultureInfo.InvariantCulture));
            }
            else if (!record.SequenceEqual(header))
            {
                string columns = $"{string.Join(", ", record)}, not {string.Join(", ", header)}";
                throw new InvalidDataException($"{path} has the columns {columns}: it belongs to another job. Name another output, or delete it.");
            }

            isHeader = false;
        }

        return done;
    }

    /// <summary>Shortens the file to its last line break outside quotes.</summary>
    private static void CutHalfRow(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite);
        using var reader = new BufferedStream(file);
        bool isQuoted = false;
        long position = 0;
        long whole = 0;
        for (int next = reader.ReadByte(); next >= 0; next = reader.ReadByte())
        {
            position++;
            isQuoted ^= next == '"';
            whole = next == '\n' && !isQuoted ? position : whole;
        }

        file.SetLength(whole);
    }
}
