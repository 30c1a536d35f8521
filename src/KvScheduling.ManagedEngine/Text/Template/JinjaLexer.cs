namespace KvScheduling.ManagedEngine;

/// <summary>
/// Cuts a template into tokens, as Jinja does with <c>trim_blocks</c> and <c>lstrip_blocks</c>, the settings of Hugging Face's chat templates.
/// </summary>
internal sealed class JinjaLexer
{
    private readonly JinjaCursor _cursor;
    private readonly JinjaTagLexer _tags;

    // Whether what was read last ended a line: then white space before the next block is the start of a line.
    private bool _isLineStart = true;

    private JinjaLexer(JinjaSource source)
    {
        _cursor = new JinjaCursor(source);
        _tags = new JinjaTagLexer(_cursor);
    }

    public static List<JinjaToken> Read(JinjaSource source)
    {
        var lexer = new JinjaLexer(source);
        lexer.ReadTemplate();
        return lexer._cursor.Tokens;
    }

    private void ReadTemplate()
    {
        while (_cursor.Position < _cursor.Text.Length)
        {
            int tag = FindTag(_cursor.Position);
            if (tag < 0)
            {
                AddText(_cursor.Text[_cursor.Position..]);
                _cursor.Advance(_cursor.Text.Length);
                break;
            }

            char kind = _cursor.Text[tag + 1];
            char sign = tag + 2 < _cursor.Text.Length && _cursor.Text[tag + 2] is '-' or '+' ? _cursor.Text[tag + 2] : '\0';
            string before = StripBefore(_cursor.Text[_cursor.Position..tag], sign, isBlock: kind != '{');
            AddText(before);
            _cursor.Advance(tag + (sign == '\0' ? 2 : 3));
            switch (kind)
            {
                case '#':
                    SkipComment();
                    break;
                case '{':
                    _cursor.Add(JinjaTokenKind.OutputStart, "{{");
                    FinishTag(_tags.Read("}}", JinjaTokenKind.OutputEnd, allowsPlus: false), trimsLine: false);
                    break;
                default:
                    if (TryReadRaw())
                    {
                        break;
                    }

                    _cursor.Add(JinjaTokenKind.BlockStart, "{%");
                    FinishTag(_tags.Read("%}", JinjaTokenKind.BlockEnd, allowsPlus: true), trimsLine: true);
                    break;
            }
        }

        _cursor.Add(JinjaTokenKind.End, "");
    }

    private int FindTag(int from)
    {
        for (int i = _cursor.Text.IndexOf('{', from); i >= 0 && i + 1 < _cursor.Text.Length; i = _cursor.Text.IndexOf('{', i + 1))
        {
            if (_cursor.Text[i + 1] is '{' or '%' or '#')
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
        int end = _cursor.Text.IndexOf("#}", _cursor.Position, StringComparison.Ordinal);
        if (end < 0)
        {
            throw _cursor.Source.Malformed("the comment has no end '#}'.", _cursor.Line);
        }

        char sign = end > _cursor.Position ? _cursor.Text[end - 1] : '\0';
        _cursor.Advance(end + 2);
        FinishTag(sign, trimsLine: true);
    }

    /// <summary>Skips white space after a tag, by its sign or by the rule that a block takes the line end after it.</summary>
    private void FinishTag(char sign, bool trimsLine)
    {
        int start = _cursor.Position;
        if (sign == '-')
        {
            int end = _cursor.Position;
            while (end < _cursor.Text.Length && PythonText.IsSpace(_cursor.Text[end]))
            {
                end++;
            }

            _cursor.Advance(end);
        }
        else if (trimsLine && sign != '+' && _cursor.Position < _cursor.Text.Length && _cursor.Text[_cursor.Position] == '\n')
        {
            _cursor.Advance(_cursor.Position + 1);
        }

        _isLineStart = _cursor.Position > start && _cursor.Text[_cursor.Position - 1] == '\n';
    }

    private bool TryReadRaw()
    {
        int name = _cursor.SkipSpaces(_cursor.Position);
        if (!IsWordAt(name, "raw"))
        {
            return false;
        }

        int end = _cursor.SkipSpaces(name + "raw".Length);
        char sign = end < _cursor.Text.Length && _cursor.Text[end] == '-' ? '-' : '\0';
        end += sign == '-' ? 1 : 0;
        if (!_cursor.IsAt(end, "%}"))
        {
            return false;
        }

        _cursor.Advance(end + 2);
        FinishTag(sign, trimsLine: false);
        int Next(int from) => _cursor.Text.IndexOf("{%", from, StringComparison.Ordinal);
        for (int tag = Next(_cursor.Position); tag >= 0; tag = Next(tag + 2))
        {
            char before = tag + 2 < _cursor.Text.Length && _cursor.Text[tag + 2] is '-' or '+' ? _cursor.Text[tag + 2] : '\0';
            int word = _cursor.SkipSpaces(tag + (before == '\0' ? 2 : 3));
            if (!IsWordAt(word, "endraw"))
            {
                continue;
            }

            int close = _cursor.SkipSpaces(word + "endraw".Length);
            char after = close < _cursor.Text.Length && _cursor.Text[close] is '-' or '+' ? _cursor.Text[close] : '\0';
            close += after == '\0' ? 0 : 1;
            if (_cursor.IsAt(close, "%}"))
            {
                AddText(StripBefore(_cursor.Text[_cursor.Position..tag], before, isBlock: true));
                _cursor.Advance(close + 2);
                FinishTag(after, trimsLine: true);
                return true;
            }
        }

        throw _cursor.Source.Malformed("'raw' has no 'endraw'.", _cursor.Line);
    }

    private bool IsWordAt(int position, string word) =>
        _cursor.IsAt(position, word)
        && (position + word.Length >= _cursor.Text.Length || !JinjaTagLexer.IsNameCharacter(_cursor.Text[position + word.Length]));

    private void AddText(string text)
    {
        if (text.Length > 0)
        {
            _cursor.Add(JinjaTokenKind.Text, text);
        }
    }
}
