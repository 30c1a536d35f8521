using System.Text;

namespace KvScheduling.ManagedEngine;

/// <summary>Cuts a template into tokens, as Jinja does with <c>trim_blocks</c> and <c>lstrip_blocks</c>, the settings of Hugging Face's chat templates.</summary>
internal sealed class JinjaLexer
{
    private static readonly string[] Operators =
        ["==", "!=", "<=", ">=", "//", "**", "+", "-", "*", "/", "%", "~", "<", ">", "=", "(", ")", "[", "]", "{", "}", ",", ":", ".", "|"];

    private readonly JinjaSource _source;
    private readonly string _text;
    private readonly List<JinjaToken> _tokens = [];
    private readonly Stack<char> _brackets = new();
    private int _position;
    private int _line = 1;

    // Whether what was read last ended a line: then white space before the next block is the start of a line.
    private bool _isLineStart = true;

    private JinjaLexer(JinjaSource source)
    {
        _source = source;
        _text = source.Text;
    }

    public static List<JinjaToken> Read(JinjaSource source)
    {
        var lexer = new JinjaLexer(source);
        lexer.ReadTemplate();
        return lexer._tokens;
    }

    private void ReadTemplate()
    {
        while (_position < _text.Length)
        {
            int tag = FindTag(_position);
            if (tag < 0)
            {
                AddText(_text[_position..]);
                Advance(_text.Length);
                break;
            }

            char kind = _text[tag + 1];
            char sign = tag + 2 < _text.Length && _text[tag + 2] is '-' or '+' ? _text[tag + 2] : '\0';
            string before = StripBefore(_text[_position..tag], sign, isBlock: kind != '{');
            AddText(before);
            Advance(tag + (sign == '\0' ? 2 : 3));
            switch (kind)
            {
                case '#':
                    SkipComment();
                    break;
                case '{':
                    Add(JinjaTokenKind.OutputStart, "{{");
                    ReadTag("}}", JinjaTokenKind.OutputEnd, trimsLine: false);
                    break;
                default:
                    if (TryReadRaw())
                    {
                        break;
                    }

                    Add(JinjaTokenKind.BlockStart, "{%");
                    ReadTag("%}", JinjaTokenKind.BlockEnd, trimsLine: true);
                    break;
            }
        }

        Add(JinjaTokenKind.End, "");
    }

    private int FindTag(int from)
    {
        for (int i = _text.IndexOf('{', from); i >= 0 && i + 1 < _text.Length; i = _text.IndexOf('{', i + 1))
        {
            if (_text[i + 1] is '{' or '%' or '#')
            {
                return i;
            }
        }

        return -1;
    }

    private string StripBefore(string text, char sign, bool isBlock)
    {
        if (sign == '-')
        {
            return PythonText.StripEnd(text);
        }

        int lineStart = text.LastIndexOf('\n') + 1;
        bool isIndentation = isBlock && sign != '+' && (lineStart > 0 || _isLineStart) && text.Length > lineStart && PythonText.IsSpace(text.AsSpan(lineStart));
        return isIndentation ? text[..lineStart] : text;
    }

    private void SkipComment()
    {
        int end = _text.IndexOf("#}", _position, StringComparison.Ordinal);
        if (end < 0)
        {
            throw _source.Malformed("the comment has no end '#}'.", _line);
        }

        char sign = end > _position ? _text[end - 1] : '\0';
        Advance(end + 2);
        FinishTag(sign, trimsLine: true);
    }

    /// <summary>Skips white space after a tag, by its sign or by the rule that a block takes the line end after it.</summary>
    private void FinishTag(char sign, bool trimsLine)
    {
        int start = _position;
        if (sign == '-')
        {
            int end = _position;
            while (end < _text.Length && PythonText.IsSpace(_text[end]))
            {
                end++;
            }

            Advance(end);
        }
        else if (trimsLine && sign != '+' && _position < _text.Length && _text[_position] == '\n')
        {
            Advance(_position + 1);
        }

        _isLineStart = _position > start && _text[_position - 1] == '\n';
    }

    private bool TryReadRaw()
    {
        int name = SkipSpaces(_position);
        if (!IsWordAt(name, "raw"))
        {
            return false;
        }

        int end = SkipSpaces(name + "raw".Length);
        char sign = end < _text.Length && _text[end] == '-' ? '-' : '\0';
        end += sign == '-' ? 1 : 0;
        if (string.CompareOrdinal(_text, end, "%}", 0, 2) != 0)
        {
            return false;
        }

        Advance(end + 2);
        FinishTag(sign, trimsLine: false);
        for (int tag = _text.IndexOf("{%", _position, StringComparison.Ordinal); tag >= 0; tag = _text.IndexOf("{%", tag + 2, StringComparison.Ordinal))
        {
            char before = tag + 2 < _text.Length && _text[tag + 2] is '-' or '+' ? _text[tag + 2] : '\0';
            int word = SkipSpaces(tag + (before == '\0' ? 2 : 3));
            if (!IsWordAt(word, "endraw"))
            {
                continue;
            }

            int close = SkipSpaces(word + "endraw".Length);
            char after = close < _text.Length && _text[close] is '-' or '+' ? _text[close] : '\0';
            close += after == '\0' ? 0 : 1;
            if (string.CompareOrdinal(_text, close, "%}", 0, 2) == 0)
            {
                AddText(StripBefore(_text[_position..tag], before, isBlock: true));
                Advance(close + 2);
                FinishTag(after, trimsLine: true);
                return true;
            }
        }

        throw _source.Malformed("'raw' has no 'endraw'.", _line);
    }

    private bool IsWordAt(int position, string word) =>
        string.CompareOrdinal(_text, position, word, 0, word.Length) == 0
        && (position + word.Length >= _text.Length || !IsNameCharacter(_text[position + word.Length]));

    private int SkipSpaces(int position)
    {
        while (position < _text.Length && PythonText.IsSpace(_text[position]))
        {
            position++;
        }

        return position;
    }

    private void ReadTag(string end, JinjaTokenKind endKind, bool trimsLine)
    {
        _brackets.Clear();
        while (true)
        {
            Advance(SkipSpaces(_position));
            if (_position >= _text.Length)
            {
                throw _source.Malformed($"a tag has no end '{end}'.", _line);
            }

            if (_brackets.Count == 0)
            {
                char sign = _text[_position] is '-' or '+' ? _text[_position] : '\0';
                bool isSigned = sign == '-' || (sign == '+' && trimsLine);
                if (isSigned && string.CompareOrdinal(_text, _position + 1, end, 0, 2) == 0)
                {
                    Add(endKind, end);
                    Advance(_position + 3);
                    FinishTag(sign, trimsLine);
                    return;
                }

                if (string.CompareOrdinal(_text, _position, end, 0, 2) == 0)
                {
                    Add(endKind, end);
                    Advance(_position + 2);
                    FinishTag('\0', trimsLine);
                    return;
                }
            }

            ReadToken();
        }
    }

    private void ReadToken()
    {
        char first = _text[_position];
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
            int end = _position;
            while (end < _text.Length && IsNameCharacter(_text[end]))
            {
                end++;
            }

            AddAndAdvance(JinjaTokenKind.Name, end);
        }
        else
        {
            ReadOperator();
        }
    }

    private static bool IsNameCharacter(char character) => char.IsLetterOrDigit(character) || character == '_';

    private void ReadOperator()
    {
        foreach (string candidate in Operators)
        {
            if (string.CompareOrdinal(_text, _position, candidate, 0, candidate.Length) != 0)
            {
                continue;
            }

            if (candidate is "(" or "[" or "{")
            {
                _brackets.Push(candidate[0]);
            }
            else if (candidate is ")" or "]" or "}" && (!_brackets.TryPop(out char open) || (open, candidate[0]) is not (('(', ')') or ('[', ']') or ('{', '}'))))
            {
                throw _source.Malformed($"'{candidate}' closes nothing.", _line);
            }

            AddAndAdvance(JinjaTokenKind.Operator, _position + candidate.Length);
            return;
        }

        throw _source.Malformed($"'{_text[_position]}' is not expected in a tag.", _line);
    }

    private void ReadNumber()
    {
        int end = _position;
        while (end < _text.Length && (char.IsAsciiDigit(_text[end]) || _text[end] == '_'))
        {
            end++;
        }

        bool isFloat = false;
        if (end + 1 < _text.Length && _text[end] == '.' && char.IsAsciiDigit(_text[end + 1]))
        {
            isFloat = true;
            end++;
            while (end < _text.Length && (char.IsAsciiDigit(_text[end]) || _text[end] == '_'))
            {
                end++;
            }
        }

        int exponent = end + 1;
        if (exponent < _text.Length && _text[end] is 'e' or 'E')
        {
            exponent += _text[exponent] is '+' or '-' ? 1 : 0;
            if (exponent < _text.Length && char.IsAsciiDigit(_text[exponent]))
            {
                isFloat = true;
                end = exponent;
                while (end < _text.Length && char.IsAsciiDigit(_text[end]))
                {
                    end++;
                }
            }
        }

        if (end < _text.Length && char.IsLetter(_text[end]))
        {
            throw _source.Unsupported($"the number '{_text[_position..(end + 1)]}'", _line);
        }

        AddAndAdvance(isFloat ? JinjaTokenKind.Float : JinjaTokenKind.Integer, end);
    }

    private void ReadString(char quote)
    {
        int line = _line;
        var value = new StringBuilder();
        int i = _position + 1;
        while (i < _text.Length && _text[i] != quote)
        {
            if (_text[i] != '\\' || i + 1 >= _text.Length)
            {
                value.Append(_text[i++]);
                continue;
            }

            i += JinjaEscapes.Append(_source, _text.AsSpan(i), line, value);
        }

        if (i >= _text.Length)
        {
            throw _source.Malformed("a string has no end.", line);
        }

        _tokens.Add(new JinjaToken(JinjaTokenKind.StringLiteral, value.ToString(), line));
        Advance(i + 1);
    }

    private void AddText(string text)
    {
        if (text.Length > 0)
        {
            _tokens.Add(new JinjaToken(JinjaTokenKind.Text, text, _line));
        }
    }

    private void Add(JinjaTokenKind kind, string text) => _tokens.Add(new JinjaToken(kind, text, _line));

    private void AddAndAdvance(JinjaTokenKind kind, int end)
    {
        Add(kind, _text[_position..end]);
        Advance(end);
    }

    private void Advance(int position)
    {
        _line += _text.AsSpan(_position, position - _position).Count('\n');
        _position = position;
    }
}
