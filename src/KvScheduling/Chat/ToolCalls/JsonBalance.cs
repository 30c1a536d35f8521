namespace KvScheduling;

/// <summary>Follows brackets and strings through JSON that comes character by character, to tell where a value ends. Does not judge whether it is
/// valid.</summary>
internal struct JsonBalance
{
    private int _depth;
    private bool _escaped;

    /// <summary>Whether the next character is inside a string.</summary>
    public bool InString { get; private set; }

    /// <summary>Whether every bracket that was opened is closed and no string is open.</summary>
    public readonly bool IsBalanced => _depth == 0 && !InString;

    public void Append(char next)
    {
        if (_escaped)
        {
            _escaped = false;
        }
        else if (InString)
        {
            _escaped = next == '\\';
            InString = next != '"';
        }
        else
        {
            switch (next)
            {
                case '"':
                    InString = true;
                    break;
                case '{' or '[':
                    _depth++;
                    break;
                case '}' or ']':
                    _depth--;
                    break;
                default:
                    break;
            }
        }
    }
}
