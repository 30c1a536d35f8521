using System.Globalization;

namespace KvScheduling.Tool;

/// <summary>Figures in rows, for tables and CSV.</summary>
internal sealed class ResultTable(params string[] columns)
{
    private readonly List<object?[]> _rows = [];

    public IReadOnlyList<string> Columns => columns;

    public IReadOnlyList<object?[]> Rows => _rows;

    public void Add(params object?[] cells) => _rows.Add(cells);

    /// <summary>Whether a column names things: it is aligned to the left.</summary>
    public bool IsText(int column) => column < 2 && _rows.Exists(row => row[column] is string);

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
