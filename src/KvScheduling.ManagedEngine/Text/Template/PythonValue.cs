using System.Globalization;
using System.Text;

namespace KvScheduling.ManagedEngine;

/// <summary>Python's rules for the values of templates: truth, equality, order, and how they are written.</summary>
internal static class PythonValue
{
    // Values come from JSON of limited depth and from literals; this only guards the stack.
    private const int MaxDepth = 200;

    public static bool IsTrue(object? value) => value switch
    {
        null or JinjaUndefined => false,
        bool flag => flag,
        long number => number != 0,
        double number => number != 0,
        string text => text.Length > 0,
        JinjaList list => list.Items.Count > 0,
        JinjaDictionary dictionary => dictionary.Count > 0,
        _ => true,
    };

    public static string TypeName(object? value) => value switch
    {
        null => "None",
        JinjaUndefined => "undefined",
        bool => "bool",
        long => "int",
        double => "float",
        JinjaLongNumber => "int of more than 64 bits",
        string => "string",
        JinjaList list => list.IsTuple ? "tuple" : "list",
        JinjaDictionary => "dict",
        JinjaNamespace => "namespace",
        JinjaLoop => "loop",
        _ => "function",
    };

    public static bool AreEqual(object? left, object? right, int depth = 0)
    {
        Guard(depth);
        switch (left, right)
        {
            case (null, null) or (JinjaUndefined, JinjaUndefined):
                return true;
            case (string first, string second):
                return first == second;
            case (JinjaList first, JinjaList second):
                return first.IsTuple == second.IsTuple
                    && first.Items.Count == second.Items.Count
                    && first.Items.Zip(second.Items).All(pair => AreEqual(pair.First, pair.Second, depth + 1));
            case (JinjaDictionary first, JinjaDictionary second):
                return first.Count == second.Count
                    && first.Entries.All(entry => second.TryGet(entry.Key, out object? other) && AreEqual(entry.Value, other, depth + 1));
            default:
                break;
        }

        if (IsNumber(left) && IsNumber(right))
        {
            return left is double || right is double ? ToDouble(left) == ToDouble(right) : ToLong(left) == ToLong(right);
        }

        return left is JinjaLongNumber ? left.Equals(right) : left is not (bool or long or double) && ReferenceEquals(left, right);
    }

    /// <summary>Compares two values of a kind that has an order.</summary>
    public static int Compare(object? left, object? right)
    {
        if (left is string first && right is string second)
        {
            return string.CompareOrdinal(first, second);
        }

        if (IsNumber(left) && IsNumber(right))
        {
            return left is double || right is double ? ToDouble(left).CompareTo(ToDouble(right)) : ToLong(left).CompareTo(ToLong(right));
        }

        if (left is JinjaList leftList && right is JinjaList rightList)
        {
            for (int i = 0; i < Math.Min(leftList.Items.Count, rightList.Items.Count); i++)
            {
                if (!AreEqual(leftList.Items[i], rightList.Items[i]))
                {
                    return Compare(leftList.Items[i], rightList.Items[i]);
                }
            }

            return leftList.Items.Count.CompareTo(rightList.Items.Count);
        }

        throw new JinjaException($"{TypeName(left)} and {TypeName(right)} have no order.");
    }

    public static bool Contains(object? container, object? item) => container switch
    {
        string text => item is string part
            ? text.Contains(part, StringComparison.Ordinal)
            : throw new JinjaException($"{TypeName(item)} can't be in a string."),
        JinjaList list => list.Items.Exists(other => AreEqual(other, item)),
        JinjaDictionary dictionary => item is string key && dictionary.Contains(key),
        JinjaUndefined => false,
        _ => throw new JinjaException($"nothing can be in {TypeName(container)}."),
    };

    public static bool IsNumber(object? value) => value is bool or long or double;

    public static double ToDouble(object? value) => value switch
    {
        double number => number,
        _ => ToLong(value),
    };

    public static long ToLong(object? value) => value switch
    {
        long number => number,
        bool flag => flag ? 1 : 0,
        _ => throw new JinjaException($"{TypeName(value)} is not a whole number."),
    };

    /// <summary>The items that a loop over the value sees.</summary>
    public static List<object?> ToItems(object? value) => value switch
    {
        JinjaList list => list.Items,
        JinjaDictionary dictionary => [.. dictionary.Keys],
        string text => [.. PythonText.Characters(text)],
        JinjaUndefined => [],
        _ => throw new JinjaException($"{TypeName(value)} can't be looped over."),
    };

    /// <summary>The text that output, <c>~</c> and <c>string</c> write.</summary>
    public static string ToText(object? value)
    {
        if (value is string text)
        {
            return text;
        }

        var result = new StringBuilder();
        Represent(value, result, 0);
        return result.ToString();
    }

    private static void Represent(object? value, StringBuilder result, int depth)
    {
        Guard(depth);
        JinjaContext.CheckLength(result.Length);
        switch (value)
        {
            case null:
                result.Append("None");
                break;
            case JinjaUndefined:
                // Empty where it stands alone; in a list Python writes it by its class.
                result.Append(depth == 0 ? "" : "Undefined");
                break;
            case bool flag:
                result.Append(flag ? "True" : "False");
                break;
            case long number:
                result.Append(number.ToString(CultureInfo.InvariantCulture));
                break;
            case JinjaLongNumber number:
                result.Append(number.Digits);
                break;
            case double number:
                result.Append(PythonText.Format(number));
                break;
            case string text:
                Quote(text, result);
                break;
            case JinjaList list:
                result.Append(list.IsTuple ? '(' : '[');
                Join(list.Items, result, item => Represent(item, result, depth + 1));
                result.Append(list.IsTuple ? list.Items.Count == 1 ? ",)" : ")" : "]");
                break;
            case JinjaDictionary dictionary:
                result.Append('{');
                Join(dictionary.Entries, result, entry =>
                {
                    Quote(entry.Key, result);
                    result.Append(": ");
                    Represent(entry.Value, result, depth + 1);
                });
                result.Append('}');
                break;
            default:
                throw new JinjaException($"{TypeName(value)} has no text.");
        }
    }

    private static void Join<T>(IEnumerable<T> items, StringBuilder result, Action<T> append)
    {
        bool isFirst = true;
        foreach (T item in items)
        {
            if (!isFirst)
            {
                result.Append(", ");
            }

            isFirst = false;
            append(item);
        }
    }

    /// <summary>Python's <c>repr</c> of a string.</summary>
    private static void Quote(string text, StringBuilder result)
    {
        char quote = text.Contains('\'', StringComparison.Ordinal) && !text.Contains('"', StringComparison.Ordinal) ? '"' : '\'';
        result.Append(quote);
        foreach (char character in text)
        {
            _ = character switch
            {
                '\n' => result.Append("\\n"),
                '\r' => result.Append("\\r"),
                '\t' => result.Append("\\t"),
                '\\' => result.Append("\\\\"),
                < ' ' or '\x7F' => result.Append(CultureInfo.InvariantCulture, $"\\x{(int)character:x2}"),
                _ when character == quote => result.Append('\\').Append(quote),
                _ => result.Append(character),
            };
        }

        result.Append(quote);
    }

    private static void Guard(int depth)
    {
        if (depth > MaxDepth)
        {
            throw new JinjaException("a value is nested too deeply.");
        }
    }
}
