using System.Globalization;
using System.Text;

namespace KvScheduling.ManagedEngine;

/// <summary>Escapes in string literals, which are Python's.</summary>
internal static class JinjaEscapes
{
    /// <summary>Appends what an escape stands for.</summary>
    /// <param name="source">The template, for messages.</param>
    /// <param name="text">Text from the backslash on, with at least one character after it.</param>
    /// <param name="line">The line, for messages.</param>
    /// <param name="value">Receives the character.</param>
    /// <returns>How many characters of <paramref name="text"/> the escape takes.</returns>
    public static int Append(JinjaSource source, ReadOnlySpan<char> text, int line, StringBuilder value)
    {
        char kind = text[1];
        switch (kind)
        {
            case '\n':
                return 2;
            case 'x':
                return AppendHexadecimal(source, text, 2, line, value);
            case 'u':
                return AppendHexadecimal(source, text, 4, line, value);
            case 'U':
                return AppendHexadecimal(source, text, 8, line, value);
            case 'N':
                throw source.Unsupported("a character by name (\\N)", line);
            case >= '0' and <= '7':
                return AppendOctal(text, value);
            default:
                break;
        }

        char? simple = kind switch
        {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            'a' => '\a',
            'b' => '\b',
            'f' => '\f',
            'v' => '\v',
            '\\' or '\'' or '"' => kind,
            _ => null,
        };
        if (simple is null)
        {
            value.Append('\\');
        }

        value.Append(simple ?? kind);
        return 2;
    }

    private static int AppendHexadecimal(JinjaSource source, ReadOnlySpan<char> text, int digits, int line, StringBuilder value)
    {
        if (text.Length < 2 + digits
            || !uint.TryParse(text.Slice(2, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint code)
            || code > 0x10FFFF)
        {
            throw source.Malformed($"the escape '\\{text[1]}' needs {digits} hexadecimal digits of a character.", line);
        }

        if (code <= char.MaxValue)
        {
            value.Append((char)code);
        }
        else
        {
            value.Append(char.ConvertFromUtf32((int)code));
        }

        return 2 + digits;
    }

    private static int AppendOctal(ReadOnlySpan<char> text, StringBuilder value)
    {
        int code = 0;
        int length = 1;
        while (length < Math.Min(4, text.Length) && text[length] is >= '0' and <= '7')
        {
            code = (code * 8) + (text[length++] - '0');
        }

        value.Append((char)code);
        return length;
    }
}
