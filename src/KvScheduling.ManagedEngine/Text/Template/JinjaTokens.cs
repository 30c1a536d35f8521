namespace KvScheduling.ManagedEngine;

/// <summary>Tokens of a template with a position in them.</summary>
internal sealed class JinjaTokens(JinjaSource source, List<JinjaToken> tokens)
{
    private int _position;

    public JinjaSource Source => source;

    public JinjaToken Current => tokens[_position];

    public JinjaToken Following => tokens[Math.Min(_position + 1, tokens.Count - 1)];

    public JinjaToken Take()
    {
        JinjaToken token = tokens[_position];
        if (_position < tokens.Count - 1)
        {
            _position++;
        }

        return token;
    }

    public bool TryTakeOperator(string text)
    {
        bool isTaken = Current.IsOperator(text);
        if (isTaken)
        {
            Take();
        }

        return isTaken;
    }

    public bool TryTakeName(string text)
    {
        bool isTaken = Current.IsName(text);
        if (isTaken)
        {
            Take();
        }

        return isTaken;
    }

    public void ExpectOperator(string text)
    {
        if (!TryTakeOperator(text))
        {
            throw Unexpected($"'{text}'");
        }
    }

    public string ExpectName() => Current.Kind == JinjaTokenKind.Name ? Take().Text : throw Unexpected("a name");

    public void Expect(JinjaTokenKind kind, string description)
    {
        if (Current.Kind != kind)
        {
            throw Unexpected(description);
        }

        Take();
    }

    public NotSupportedException Unexpected(string expected) => source.Malformed($"{Current.Describe()} stands where {expected} is expected.", Current.Line);
}
