using System.Globalization;
using System.Text.Json;

namespace KvScheduling.Tool;

/// <summary>Figures in rows, for tables and CSV.</summary>
internal sealed class ResultTable(params string[] columns)
{
    private readonly List<object?[]> _rows = [];

    public IReadOnlyList<string> Columns => columns;

    public IReadOnlyList<object?[]> Rows => _rows;

    public void Add(params object?[] cells) => _rows.Add(cells);

    /// <summary>Whether a column has words, not figures: it is aligned to the left.</summary>
    public bool IsText(int column) => _rows.Count > 0 && _rows.TrueForAll(row => row[column] is string text && (column == 0 || (text.Length > 0 && char.IsLetter(text[0]))));

    /// <summary>Writes the rows as an array of objects, with the columns as names.</summary>
    public void WriteJson(Utf8JsonWriter json, string name)
    {
        json.WriteStartArray(name);
        foreach (object?[] row in _rows)
        {
            json.WriteStartObject();
            for (int i = 0; i < row.Length; i++)
            {
                switch (row[i])
                {
                    case null:
                        json.WriteNull(columns[i]);
                        break;
                    case string text:
                        json.WriteString(columns[i], text);
                        break;
                    case long or int:
                        json.WriteNumber(columns[i], Convert.ToInt64(row[i], CultureInfo.InvariantCulture));
                        break;
                    default:
                        json.WriteNumberOrNull(columns[i], Convert.ToDouble(row[i], CultureInfo.InvariantCulture));
                        break;
                }
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    /// <summary>A figure for people: about four digits.</summary>
    public static string Rounded(object? value) => value switch
    {
        null => "–",
        double number => Round(number),
        long number => number.ToString("#,0", CultureInfo.InvariantCulture),
        int number => number.ToString("#,0", CultureInfo.InvariantCulture),
        _ => Exact(value),
    };

    /// <summary>A figure for machines: everything it has.</summary>
    public static string Exact(object? value) => Convert.ToString(value, CultureInfo.InvariantCulture) ?? string.Empty;

    private static string Round(double value)
    {
        double size = Math.Abs(value);
        string format = size >= 1000 ? "#,0" : size >= 100 ? "0.0" : size >= 10 ? "0.00" : size >= 1 || size == 0 ? "0.000" : "0.0000";
        return value.ToString(format, CultureInfo.InvariantCulture);
    }
}
