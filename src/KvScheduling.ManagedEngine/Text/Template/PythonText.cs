using System.Globalization;
using System.Text;

namespace KvScheduling.ManagedEngine;

/// <summary>Python's view of text: positions count code points, and white space is what <c>str.isspace</c> says.</summary>
internal static class PythonText
{
    public static bool IsSpace(char character) => char.IsWhiteSpace(character) || character is >= '\x1C' and <= '\x1F';

    public static bool IsSpace(ReadOnlySpan<char> text)
    {
        foreach (char character in text)
        {
            if (!IsSpace(character))
            {
                return false;
            }
        }

        return true;
    }

    public static string StripStart(string text, string? characters = null)
    {
        int start = 0;
        while (start < text.Length && (characters is null ? IsSpace(text[start]) : characters.Contains(text[start], StringComparison.Ordinal)))
        {
            start++;
        }

        return text[start..];
    }

    public static string StripEnd(string text, string? characters = null)
    {
        int end = text.Length;
        while (end > 0 && (characters is null ? IsSpace(text[end - 1]) : characters.Contains(text[end - 1], StringComparison.Ordinal)))
        {
            end--;
        }

        return text[..end];
    }

    public static string Strip(string text, string? characters = null) => StripEnd(StripStart(text, characters), characters);

    public static int Length(string text)
    {
        int pairs = 0;
        for (int i = 0; i + 1 < text.Length; i++)
        {
            if (char.IsSurrogatePair(text[i], text[i + 1]))
            {
                pairs++;
                i++;
            }
        }

        return text.Length - pairs;
    }

    /// <summary>The text as one string for each code point.</summary>
    public static List<string> Characters(string text)
    {
        var characters = new List<string>(text.Length);
        for (int i = 0; i < text.Length;)
        {
            int length = i + 1 < text.Length && char.IsSurrogatePair(text[i], text[i + 1]) ? 2 : 1;
            characters.Add(text.Substring(i, length));
            i += length;
        }

        return characters;
    }

    public static List<object?> Split(string text, string? separator, long maxSplits)
    {
        var parts = new List<object?>();
        int position = 0;
        if (separator is null)
        {
            while (true)
            {
                while (position < text.Length && IsSpace(text[position]))
                {
                    position++;
                }

                if (position >= text.Length)
                {
                    return parts;
                }

                if (maxSplits >= 0 && parts.Count >= maxSplits)
                {
                    parts.Add(StripEnd(text[position..]));
                    return parts;
                }

                int end = position;
                while (end < text.Length && !IsSpace(text[end]))
                {
                    end++;
                }

                parts.Add(text[position..end]);
                position = end;
            }
        }

        while (maxSplits < 0 || parts.Count < maxSplits)
        {
            int next = text.IndexOf(separator, position, StringComparison.Ordinal);
            if (next < 0)
            {
                break;
            }

            parts.Add(text[position..next]);
            position = next + separator.Length;
        }

        parts.Add(text[position..]);
        return parts;
    }

    public static List<object?> SplitFromEnd(string text, string separator, long maxSplits)
    {
        var parts = new List<object?>();
        int end = text.Length;
        while (maxSplits < 0 || parts.Count < maxSplits)
        {
            int found = end >= separator.Length ? text.AsSpan(0, end).LastIndexOf(separator, StringComparison.Ordinal) : -1;
            if (found < 0)
            {
                break;
            }

            parts.Add(text[(found + separator.Length)..end]);
            end = found;
        }

        parts.Add(text[..end]);
        parts.Reverse();
        return parts;
    }

    public static List<object?> SplitLines(string text)
    {
        var lines = new List<object?>();
        int start = 0;
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] is '\n' or '\r' or '\v' or '\f' or (>= '\x1C' and <= '\x1E') or '\x85' or '\u2028' or '\u2029')
            {
                lines.Add(text[start..i]);
                i += text[i] == '\r' && i + 1 < text.Length && text[i + 1] == '\n' ? 1 : 0;
                start = i + 1;
            }
        }

        if (start < text.Length)
        {
            lines.Add(text[start..]);
        }

        return lines;
    }

    public static string Replace(string text, string old, string replacement, long count)
    {
        if (count < 0 && old.Length > 0)
        {
            return text.Replace(old, replacement, StringComparison.Ordinal);
        }

        var result = new StringBuilder();
        int position = 0;
        long replaced = 0;
        while (count < 0 || replaced < count)
        {
            int next = old.Length == 0 ? position : text.IndexOf(old, position, StringComparison.Ordinal);
            if (next < 0 || next > text.Length)
            {
                break;
            }

            result.Append(text, position, next - position).Append(replacement);
            position = next + old.Length;
            replaced++;
            if (old.Length == 0)
            {
                if (position >= text.Length)
                {
                    return result.ToString();
                }

                result.Append(text[position++]);
            }
        }

        return result.Append(text, position, text.Length - position).ToString();
    }

    public static string Capitalize(string text) =>
        text.Length == 0 ? text : string.Concat(text[..1].ToUpperInvariant(), text[1..].ToLowerInvariant());

    /// <summary>Python's <c>str.title</c>: every letter after something that is no letter is upper case.</summary>
    public static string Title(string text) => string.Create(text.Length, text, static (target, source) =>
    {
        bool isInWord = false;
        for (int i = 0; i < source.Length; i++)
        {
            bool isLetter = char.IsLetter(source[i]);
            target[i] = !isLetter ? source[i] : isInWord ? char.ToLowerInvariant(source[i]) : char.ToUpperInvariant(source[i]);
            isInWord = isLetter;
        }
    });

    /// <summary>Jinja's <c>title</c>: words start after white space, hyphens and opening brackets.</summary>
    public static string JinjaTitle(string text) => string.Create(text.Length, text, static (target, source) =>
    {
        bool isInWord = false;
        for (int i = 0; i < source.Length; i++)
        {
            bool isBreak = IsSpace(source[i]) || source[i] is '-' or '(' or '{' or '[' or '<';
            target[i] = isInWord ? char.ToLowerInvariant(source[i]) : char.ToUpperInvariant(source[i]);
            isInWord = !isBreak;
        }
    });

    /// <summary>Python's shortest form of a float that reads back as the same.</summary>
    public static string Format(double value)
    {
        if (!double.IsFinite(value))
        {
            return double.IsNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
        }

        (string sign, string mantissa, int decimalExponent) = Decompose(value.ToString("R", CultureInfo.InvariantCulture));
        if (decimalExponent is < -4 or >= 16)
        {
            string fraction = mantissa.Length > 1 ? $"{mantissa[0]}.{mantissa[1..]}" : mantissa;
            return $"{sign}{fraction}e{(decimalExponent < 0 ? '-' : '+')}{Math.Abs(decimalExponent):00}";
        }

        if (decimalExponent < 0)
        {
            return $"{sign}0.{new string('0', -decimalExponent - 1)}{mantissa}";
        }

        return mantissa.Length <= decimalExponent + 1
            ? $"{sign}{mantissa}{new string('0', decimalExponent + 1 - mantissa.Length)}.0"
            : $"{sign}{mantissa[..(decimalExponent + 1)]}.{mantissa[(decimalExponent + 1)..]}";
    }

    /// <summary>Splits a number as .NET writes it into sign, significant digits and the power of ten of the first of them.</summary>
    private static (string Sign, string Mantissa, int Exponent) Decompose(string number)
    {
        string sign = number.StartsWith('-') ? "-" : "";
        string rest = number[sign.Length..];
        int exponentAt = rest.IndexOf('E', StringComparison.Ordinal);
        int exponent = exponentAt < 0 ? 0 : int.Parse(rest.AsSpan(exponentAt + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        string plain = exponentAt < 0 ? rest : rest[..exponentAt];
        int point = plain.IndexOf('.', StringComparison.Ordinal);
        int integerDigits = point < 0 ? plain.Length : point;
        string digits = plain.Replace(".", "", StringComparison.Ordinal);
        int leading = 0;
        while (leading < digits.Length - 1 && digits[leading] == '0')
        {
            leading++;
        }

        string mantissa = digits[leading..].TrimEnd('0');
        return (sign, mantissa.Length == 0 ? "0" : mantissa, mantissa.Length == 0 ? 0 : integerDigits - 1 - leading + exponent);
    }
}
