using System.Text;

namespace KvScheduling.ManagedEngine;

/// <summary>Cuts the inside of a tag into tokens.</summary>
internal sealed class JinjaTagLexer(JinjaCursor cursor)
{
    // Chains of operators are evaluated by recursion, so their length is bounded. Tags of real templates have a tenth of this.
    private const int MaxTokens = 2000;

    private static readonly string[] Operators =
        ["==", "!=", "<=", ">=", "//", "**", "+", "-", "*", "/", "%", "~", "<", ">", "=", "(", ")", "[", "]", "{", "}", ",", ":", ".", "|"];

    private readonly JinjaCursor _cursor = cursor;
    private readonly Stack<char> _brackets = new();

    /// <summary>Reads up to the end of the tag.</summary>
    /// <param name="end">How the tag ends.</param>
    /// <param name="endKind">The kind of token that the end is.</param>
    /// <param name="allowsPlus">Whether the end may have the sign '+'.</param>
    /// <returns>The sign before the end: '-', '+' or none.</returns>
    public char Read(string end, JinjaTokenKind endKind, bool allowsPlus)
    {
        _brackets.Clear();
        int limit = _cursor.Tokens.Count + MaxTokens;
        while (true)
        {
            _cursor.Advance(_cursor.SkipSpaces(_cursor.Position));
            if (_cursor.Position >= _cursor.Text.Length)
            {
                throw _cursor.Source.Malformed($"a tag has no end '{end}'.", _cursor.Line);
            }

            if (_brackets.Count == 0)
            {
                char sign = _cursor.Text[_cursor.Position];
                bool isSigned = sign == '-' || (sign == '+' && allowsPlus);
                int start = _cursor.Position + (isSigned ? 1 : 0);
                if (_cursor.IsAt(start, end))
                {
                    _cursor.Add(endKind, end);
                    _cursor.Advance(start + end.Length);
                    return isSigned ? sign : '\0';
                }
            }

            if (_cursor.Tokens.Count >= limit)
            {
                throw _cursor.Source.Unsupported($"a tag of more than {MaxTokens} tokens", _cursor.Line);
            }

            ReadToken();
        }
    }

    private void ReadToken()
    {
        char first = _cursor.Text[_cursor.Position];
        if (first is '\'' or '"')
        {
            ReadString(first);
        }
        else if (char.IsAsciiDigit(first))
        {
            ReadNumber();
        }
        else if (char.IsLetter(first) || first == '_')
        {
            int end = _cursor.Position;
            while (end < _cursor.Text.Length && IsNameCharacter(_cursor.Text[end]))
            {
                end++;
            }

            _cursor.AddAndAdvance(JinjaTokenKind.Name, end);
        }
        else
        {
            ReadOperator();
        }
    }

    public static bool IsNameCharacter(char character) => char.IsLetterOrDigit(character) || character == '_';

    private void ReadOperator()
    {
        foreach (string candidate in Operators)
        {
            if (!_cursor.IsAt(_cursor.Position, candidate))
            {
                continue;
            }

            if (candidate is "(" or "[" or "{")
            {
                _brackets.Push(candidate[0]);
            }
            else if (candidate is ")" or "]" or "}" && !ClosesBracket(candidate[0]))
            {
                throw _cursor.Source.Malformed($"'{candidate}' closes nothing.", _cursor.Line);
            }

            _cursor.AddAndAdvance(JinjaTokenKind.Operator, _cursor.Position + candidate.Length);
            return;
        }

        throw _cursor.Source.Malformed($"'{_cursor.Text[_cursor.Position]}' is not expected in a tag.", _cursor.Line);
    }

    private bool ClosesBracket(char close) =>
        _brackets.TryPop(out char open) && (open, close) is ('(', ')') or ('[', ']') or ('{', '}');

    private void ReadNumber()
    {
        int end = _cursor.Position;
        while (end < _cursor.Text.Length && (char.IsAsciiDigit(_cursor.Text[end]) || _cursor.Text[end] == '_'))
        {
            end++;
        }

        bool isFloat = false;
        if (end + 1 < _cursor.Text.Length && _cursor.Text[end] == '.' && char.IsAsciiDigit(_cursor.Text[end + 1]))
        {
            isFloat = true;
            end++;
            while (end < _cursor.Text.Length && (char.IsAsciiDigit(_cursor.Text[end]) || _cursor.Text[end] == '_'))
            {
                end++;
            }
        }

        int exponent = end + 1;
        if (exponent < _cursor.Text.Length && _cursor.Text[end] is 'e' or 'E')
        {
            exponent += _cursor.Text[exponent] is '+' or '-' ? 1 : 0;
            if (exponent < _cursor.Text.Length && char.IsAsciiDigit(_cursor.Text[exponent]))
            {
                isFloat = true;
                end = exponent;
                while (end < _cursor.Text.Length && char.IsAsciiDigit(_cursor.Text[end]))
                {
                    end++;
                }
            }
        }

        if (end < _cursor.Text.Length && char.IsLetter(_cursor.Text[end]))
        {
            throw _cursor.Source.Unsupported($"the number '{_cursor.Text[_cursor.Position..(end + 1)]}'", _cursor.Line);
        }

        _cursor.AddAndAdvance(isFloat ? JinjaTokenKind.Float : JinjaTokenKind.Integer, end);
    }

    private void ReadString(char quote)
    {
        int line = _cursor.Line;
        var value = new StringBuilder();
        int i = _cursor.Position + 1;
        while (i < _cursor.Text.Length && _cursor.Text[i] != quote)
        {
            if (_cursor.Text[i] != '\\' || i + 1 >= _cursor.Text.Length)
            {
                value.Append(_cursor.Text[i++]);
                continue;
            }

            i += JinjaEscapes.Append(_cursor.Source, _cursor.Text.AsSpan(i), line, value);
        }

        if (i >= _cursor.Text.Length)
        {
            throw _cursor.Source.Malformed("a string has no end.", line);
        }

        _cursor.Tokens.Add(new JinjaToken(JinjaTokenKind.StringLiteral, value.ToString(), line));
        _cursor.Advance(i + 1);
    }
}
