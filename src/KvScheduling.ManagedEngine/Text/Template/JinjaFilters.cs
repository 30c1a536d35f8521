using System.Collections.Frozen;
using System.Globalization;
using System.Text;

namespace KvScheduling.ManagedEngine;

/// <summary>Filters on one value. Those that work through lists are in <see cref="JinjaListFilters"/>.</summary>
internal static class JinjaFilters
{
    private static readonly FrozenDictionary<string, JinjaFunction> Filters = new[]
    {
        Filter("tojson", ["ensure_ascii?", "indent?", "separators?", "sort_keys?"], ToJson),
        Filter("trim", ["chars?"], (_, values) => PythonText.Strip(PythonValue.ToText(values[0]), IsGiven(values[1]) ? values[1] as string : null)),
        Filter("upper", [], (_, values) => PythonValue.ToText(values[0]).ToUpperInvariant()),
        Filter("lower", [], (_, values) => PythonValue.ToText(values[0]).ToLowerInvariant()),
        Filter("capitalize", [], (_, values) => PythonText.Capitalize(PythonValue.ToText(values[0]))),
        Filter("title", [], (_, values) => PythonText.JinjaTitle(PythonValue.ToText(values[0]))),
        Filter("string", [], (_, values) => PythonValue.ToText(values[0])),
        Filter("safe", [], (_, values) => values[0]),
        Filter("replace", ["old", "new", "count?"], (context, values) => Replace(context, PythonValue.ToText(values[0]), values[1], values[2], values[3])),
        Filter("indent", ["width?", "first?", "blank?"], Indent),
        Filter("default", ["default_value?", "boolean?"], Default),
        Filter("d", ["default_value?", "boolean?"], Default),
        Filter("length", [], Length),
        Filter("count", [], Length),
        Filter("int", ["default?", "base?"], ToInteger),
        Filter("float", ["default?"], ToFloat),
        Filter("abs", [], (_, values) => values[0] is double number ? Math.Abs(number) : (object)Math.Abs(PythonValue.ToLong(values[0]))),
        Filter("round", ["precision?", "method?"], Round),
        Filter("items", [], Items),
        Filter("attr", ["name"], (_, values) => JinjaAccess.Attribute(values[0], PythonValue.ToText(values[1]))),
    }.Concat(JinjaListFilters.All).ToFrozenDictionary(filter => filter.Name);

    public static JinjaFunction? Find(string name) => Filters.GetValueOrDefault(name);

    public static string Replace(JinjaContext context, string text, object? old, object? replacement, object? count)
    {
        string from = PythonValue.ToText(old);
        string to = PythonValue.ToText(replacement);
        if (to.Length > from.Length)
        {
            // An upper bound of the result, before it is made.
            JinjaContext.CheckLength(text.Length + ((text.Length / Math.Max(from.Length, 1)) + 1L) * (to.Length - from.Length));
        }

        return PythonText.Replace(text, from, to, IsGiven(count) && count is not null ? PythonValue.ToLong(count) : -1);
    }

    public static string Join(JinjaContext context, List<object?> items, string separator)
    {
        var result = new StringBuilder();
        for (int i = 0; i < items.Count; i++)
        {
            string text = PythonValue.ToText(items[i]);
            result.Append(i == 0 ? "" : separator);
            JinjaContext.CheckLength((long)result.Length + text.Length);
            result.Append(text);
        }

        return context.Limit(result.ToString(), "");
    }

    public static bool IsGiven(object? value) => !ReferenceEquals(value, JinjaSignature.Missing);

    private static JinjaFunction Filter(string name, string[] parameters, Func<JinjaContext, object?[], object?> body) =>
        new(name, new JinjaSignature(["value", .. parameters]), body);

    private static string ToJson(JinjaContext context, object?[] values)
    {
        string? indent = !IsGiven(values[2]) ? null : values[2] switch
        {
            null => null,
            string text => text,
            _ => new string(' ', (int)Math.Clamp(PythonValue.ToLong(values[2]), 0, 64)),
        };
        var style = new PythonJson.Style(indent)
        {
            IsAscii = IsGiven(values[1]) && PythonValue.IsTrue(values[1]),
            SortsKeys = IsGiven(values[4]) && PythonValue.IsTrue(values[4]),
        };
        if (indent is not null)
        {
            style = style with { ItemSeparator = "," };
        }

        if (IsGiven(values[3]) && values[3] is not null)
        {
            style = values[3] is JinjaList { Items: [string item, string key] }
                ? style with { ItemSeparator = item, KeySeparator = key }
                : throw new JinjaException("separators must be two strings.");
        }

        return context.Limit(PythonJson.Write(values[0], style), "");
    }

    private static string Indent(JinjaContext context, object?[] values)
    {
        string text = PythonValue.ToText(values[0]);
        string indent = !IsGiven(values[1]) ? "    " : values[1] as string ?? new string(' ', (int)Math.Clamp(PythonValue.ToLong(values[1]), 0, 256));
        bool indentsFirst = IsGiven(values[2]) && PythonValue.IsTrue(values[2]);
        bool indentsBlank = IsGiven(values[3]) && PythonValue.IsTrue(values[3]);
        string[] lines = text.Split('\n');
        JinjaContext.CheckLength(text.Length + ((long)lines.Length * indent.Length));
        for (int i = 0; i < lines.Length; i++)
        {
            // Jinja counts a first line as a line even when it is blank.
            bool isIndented = i == 0 ? indentsFirst : lines[i].Length > 0 || indentsBlank;
            lines[i] = isIndented ? indent + lines[i] : lines[i];
        }

        return string.Join('\n', lines);
    }

    private static object? Default(JinjaContext context, object?[] values)
    {
        bool isReplaced = values[0] is JinjaUndefined || (IsGiven(values[2]) && PythonValue.IsTrue(values[2]) && !PythonValue.IsTrue(values[0]));
        return !isReplaced ? values[0] : IsGiven(values[1]) ? values[1] : "";
    }

    private static object? Length(JinjaContext context, object?[] values) => values[0] switch
    {
        string text => (long)PythonText.Length(text),
        JinjaList list => (long)list.Items.Count,
        JinjaDictionary dictionary => (long)dictionary.Count,
        JinjaUndefined => 0L,
        _ => throw new JinjaException($"{PythonValue.TypeName(values[0])} has no length."),
    };

    private static object? ToInteger(JinjaContext context, object?[] values)
    {
        if (IsGiven(values[2]))
        {
            throw context.Unsupported("the filter 'int' with a base");
        }

        object? fallback = IsGiven(values[1]) ? values[1] : 0L;
        switch (values[0])
        {
            case double number:
                return double.IsFinite(number) && Math.Abs(number) < 9e18 ? (long)number : fallback;
            case string text:
                string stripped = PythonText.Strip(text);
                return long.TryParse(stripped, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long whole) ? whole
                    : !double.TryParse(stripped, NumberStyles.Float, CultureInfo.InvariantCulture, out double floating) ? fallback
                    : Math.Abs(floating) < 9e18 ? (long)floating : fallback;
            default:
                return PythonValue.IsNumber(values[0]) ? PythonValue.ToLong(values[0]) : fallback;
        }
    }

    private static object? ToFloat(JinjaContext context, object?[] values)
    {
        object? fallback = IsGiven(values[1]) ? values[1] : 0.0;
        return values[0] switch
        {
            string text => double.TryParse(PythonText.Strip(text), NumberStyles.Float, CultureInfo.InvariantCulture, out double number) ? number : fallback,
            _ => PythonValue.IsNumber(values[0]) ? PythonValue.ToDouble(values[0]) : fallback,
        };
    }

    private static object? Round(JinjaContext context, object?[] values)
    {
        int precision = IsGiven(values[1]) ? (int)Math.Clamp(PythonValue.ToLong(values[1]), 0, 15) : 0;
        double number = PythonValue.ToDouble(values[0]);
        string method = IsGiven(values[2]) ? PythonValue.ToText(values[2]) : "common";
        double scale = Math.Pow(10, precision);
        return method switch
        {
            "common" => Math.Round(number, precision, MidpointRounding.ToEven),
            "ceil" => Math.Ceiling(number * scale) / scale,
            "floor" => Math.Floor(number * scale) / scale,
            _ => throw new JinjaException($"'{method}' is no way to round."),
        };
    }

    private static JinjaList Items(JinjaContext context, object?[] values) => values[0] switch
    {
        JinjaDictionary dictionary => JinjaMethods.Items(dictionary),
        JinjaUndefined => new JinjaList([]),
        _ => throw new JinjaException($"{PythonValue.TypeName(values[0])} has no items."),
    };
}
