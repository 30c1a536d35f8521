using System.Globalization;
using System.Text;
using System.Text.Json;

namespace KvScheduling.ManagedEngine;

/// <summary>
/// JSON as Python's <c>json</c> writes and reads it, which is what models were trained on: <c>", "</c> and <c>": "</c> between things, characters beyond
/// ASCII as they are.
/// </summary>
internal static class PythonJson
{
    private const int MaxDepth = 64;

    /// <summary>How values are written.</summary>
    /// <param name="Indent">White space for each level; <see langword="null"/> for one line.</param>
    /// <param name="ItemSeparator">Between items.</param>
    /// <param name="KeySeparator">Between a key and its value.</param>
    /// <param name="SortsKeys">Whether keys are sorted.</param>
    /// <param name="IsAscii">Whether characters beyond ASCII are escaped.</param>
    internal sealed record Style(string? Indent = null, string ItemSeparator = ", ", string KeySeparator = ": ", bool SortsKeys = false, bool IsAscii = false);

    public static string Write(object? value, Style style)
    {
        var result = new StringBuilder();
        Write(value, style, result, 0);
        return result.ToString();
    }

    public static object? Read(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => ReadObject(element),
        JsonValueKind.Array => new JinjaList([.. element.EnumerateArray().Select(Read)]),
        JsonValueKind.String => element.GetString(),
        JsonValueKind.Number => ReadNumber(element),
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => null,
    };

    private static object ReadNumber(JsonElement element)
    {
        if (element.TryGetInt64(out long number))
        {
            return number;
        }

        string text = element.GetRawText();
        return text.AsSpan().ContainsAny('.', 'e', 'E') ? element.GetDouble() : new JinjaLongNumber(text);
    }

    private static JinjaDictionary ReadObject(JsonElement element)
    {
        var dictionary = new JinjaDictionary();
        foreach (JsonProperty property in element.EnumerateObject())
        {
            dictionary[property.Name] = Read(property.Value);
        }

        return dictionary;
    }

    private static void Write(object? value, Style style, StringBuilder result, int depth)
    {
        if (depth > MaxDepth)
        {
            throw new JinjaException("a value is nested too deeply for JSON.");
        }

        JinjaContext.CheckLength(result.Length);

        switch (value)
        {
            case null:
                result.Append("null");
                break;
            case bool flag:
                result.Append(flag ? "true" : "false");
                break;
            case long number:
                result.Append(number.ToString(CultureInfo.InvariantCulture));
                break;
            case JinjaLongNumber number:
                result.Append(number.Digits);
                break;
            case double number:
                result.Append(double.IsFinite(number) ? PythonText.Format(number) : double.IsNaN(number) ? "NaN" : number > 0 ? "Infinity" : "-Infinity");
                break;
            case string text:
                WriteText(text, style, result);
                break;
            case JinjaList list:
                WriteAll('[', list.Items, ']', style, result, depth, item => Write(item, style, result, depth + 1));
                break;
            case JinjaDictionary dictionary:
                IEnumerable<KeyValuePair<string, object?>> entries = style.SortsKeys
                    ? dictionary.Entries.OrderBy(entry => entry.Key, StringComparer.Ordinal)
                    : dictionary.Entries;
                WriteAll('{', [.. entries], '}', style, result, depth, entry =>
                {
                    WriteText(entry.Key, style, result);
                    result.Append(style.KeySeparator);
                    Write(entry.Value, style, result, depth + 1);
                });
                break;
            default:
                throw new JinjaException($"{PythonValue.TypeName(value)} can't be written as JSON.");
        }
    }

    private static void WriteAll<T>(char open, List<T> items, char close, Style style, StringBuilder result, int depth, Action<T> write)
    {
        result.Append(open);
        for (int i = 0; i < items.Count; i++)
        {
            if (i > 0)
            {
                result.Append(style.Indent is null ? style.ItemSeparator : PythonText.StripEnd(style.ItemSeparator));
            }

            NewLine(style, result, depth + 1);
            write(items[i]);
        }

        if (items.Count > 0)
        {
            NewLine(style, result, depth);
        }

        result.Append(close);
    }

    private static void NewLine(Style style, StringBuilder result, int depth)
    {
        if (style.Indent is null)
        {
            return;
        }

        result.Append('\n');
        for (int i = 0; i < depth; i++)
        {
            result.Append(style.Indent);
        }
    }

    private static void WriteText(string text, Style style, StringBuilder result)
    {
        result.Append('"');
        foreach (char character in text)
        {
            _ = character switch
            {
                '"' => result.Append("\\\""),
                '\\' => result.Append("\\\\"),
                '\n' => result.Append("\\n"),
                '\r' => result.Append("\\r"),
                '\t' => result.Append("\\t"),
                '\b' => result.Append("\\b"),
                '\f' => result.Append("\\f"),
                < ' ' => result.Append(CultureInfo.InvariantCulture, $"\\u{(int)character:x4}"),
                > '~' when style.IsAscii => result.Append(CultureInfo.InvariantCulture, $"\\u{(int)character:x4}"),
                _ => result.Append(character),
            };
        }

        result.Append('"');
    }
}
