using System.Text;

namespace KvScheduling.Samples.BatchScoring;

/// <summary>Comma-separated values as in RFC 4180: a field with a comma, a quote or a line break stands in quotes, and quotes in it are doubled.</summary>
internal static class Csv
{
    /// <summary>Reads records one by one.</summary>
    /// <exception cref="InvalidDataException">The text ends inside quotes.</exception>
    public static IEnumerable<string[]> Read(TextReader reader)
    {
        List<string> fields = [];
        var field = new StringBuilder();
        bool isQuoted = false;
        bool isEmpty = true;
        for (int next = reader.Read(); next >= 0; next = reader.Read())
        {
            char c = (char)next;
            isEmpty = false;
            if (isQuoted)
            {
                if (c != '"')
                {
                    field.Append(c);
                }
                else if (reader.Peek() == '"')
                {
                    field.Append((char)reader.Read());
                }
                else
                {
                    isQuoted = false;
                }
            }
            else if (c == '"')
            {
                isQuoted = true;
            }
            else if (c is ',' or '\n')
            {
                fields.Add(field.ToString());
                field.Clear();
                if (c == '\n')
                {
                    yield return [.. fields];
                    fields.Clear();
                    isEmpty = true;
                }
            }
            else if (c != '\r')
            {
                field.Append(c);
            }
        }

        if (isQuoted)
        {
            throw new InvalidDataException("The file ends inside a quoted field.");
        }

        if (!isEmpty)
        {
            yield return [.. fields, field.ToString()];
        }
    }

    /// <summary>Writes one record with its line break.</summary>
    public static void Write(TextWriter writer, IEnumerable<string> fields) =>
        writer.Write(string.Join(',', fields.Select(
            static field => field.AsSpan().ContainsAny(",\"\r\n") ? $"\"{field.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : field)) + "\n");
}
