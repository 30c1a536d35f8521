using System.Globalization;
using System.Text;

namespace KvScheduling.ManagedEngine;

/// <summary>Python's <c>strftime</c> in the C locale, for templates that write the date.</summary>
internal static class PythonDate
{
    public static string Format(JinjaContext context, string format)
    {
        DateTimeOffset now = context.TimeProvider.GetLocalNow();
        var result = new StringBuilder();
        for (int i = 0; i < format.Length; i++)
        {
            if (format[i] != '%' || i + 1 >= format.Length)
            {
                result.Append(format[i]);
                continue;
            }

            // '%-d' leaves out the leading zero.
            bool isBare = format[++i] == '-' && i + 1 < format.Length;
            i += isBare ? 1 : 0;
            string part = Part(context, now, format[i]);
            result.Append(isBare && part.Length > 1 ? part.TrimStart('0') is { Length: > 0 } bare ? bare : "0" : part);
        }

        return result.ToString();
    }

    private static string Part(JinjaContext context, DateTimeOffset now, char code)
    {
        string? format = code switch
        {
            'a' => "ddd",
            'A' => "dddd",
            'b' or 'h' => "MMM",
            'B' => "MMMM",
            'd' => "dd",
            'H' => "HH",
            'I' => "hh",
            'm' => "MM",
            'M' => "mm",
            'p' => "tt",
            'S' => "ss",
            'y' => "yy",
            'Y' => "yyyy",
            'F' => "yyyy-MM-dd",
            'T' => "HH:mm:ss",
            'D' => "MM/dd/yy",
            'R' => "HH:mm",
            'f' => "ffffff",
            _ => null,
        };
        if (format is not null)
        {
            return now.ToString(format, CultureInfo.InvariantCulture);
        }

        return code switch
        {
            'e' => now.Day.ToString(CultureInfo.InvariantCulture).PadLeft(2),
            'j' => now.DayOfYear.ToString("000", CultureInfo.InvariantCulture),
            'w' => ((int)now.DayOfWeek).ToString(CultureInfo.InvariantCulture),
            'u' => (now.DayOfWeek == DayOfWeek.Sunday ? 7 : (int)now.DayOfWeek).ToString(CultureInfo.InvariantCulture),
            // Python's clock without a zone has no offset and no zone name.
            'z' or 'Z' => "",
            'n' => "\n",
            't' => "\t",
            '%' => "%",
            _ => throw context.Unsupported($"the date part '%{code}'"),
        };
    }
}
