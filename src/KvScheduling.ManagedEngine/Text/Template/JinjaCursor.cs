namespace KvScheduling.ManagedEngine;

/// <summary>A template's text, the place where reading stands, and the tokens read so far.</summary>
internal sealed class JinjaCursor(JinjaSource source)
{
    public JinjaSource Source => source;

    public string Text => source.Text;

    public int Position { get; private set; }

    public int Line { get; private set; } = 1;

    public List<JinjaToken> Tokens { get; } = [];

    public bool IsAt(int position, string text) => string.CompareOrdinal(Text, position, text, 0, text.Length) == 0;

    public int SkipSpaces(int position)
    {
        while (position < Text.Length && PythonText.IsSpace(Text[position]))
        {
            position++;
        }

        return position;
    }

    public void Add(JinjaTokenKind kind, string text) => Tokens.Add(new JinjaToken(kind, text, Line));

    public void AddAndAdvance(JinjaTokenKind kind, int end)
    {
        Add(kind, Text[Position..end]);
        Advance(end);
    }

    public void Advance(int position)
    {
        Line += Text.AsSpan(Position, position - Position).Count('\n');
        Position = position;
    }
}
