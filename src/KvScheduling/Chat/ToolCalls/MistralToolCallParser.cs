using System.Text;

namespace KvScheduling;

/// <summary>Calls as Mistral models write them: a JSON array behind a marker, or a name and its arguments behind each marker.</summary>
internal sealed class MistralToolCallParser : ToolCallParser
{
    public const string Marker = "[TOOL_CALLS]";
    public const string ArgumentsMarker = "[ARGS]";

    /// <summary>Some models number their calls between name and arguments; ids are given by us.</summary>
    private const string IdMarker = "[CALL_ID]";
    private const int MaxHeaderLength = 256;

    private static readonly SequenceAutomaton MarkerAutomaton = new(Marker);

    private readonly SequenceScanner _scanner = new(MarkerAutomaton);

    /// <summary>From the marker, or from behind the last call, on: text after all when no call comes of it.</summary>
    private readonly StringBuilder _held = new();
    private JsonBalance _balance;
    private int _objectStart;
    private string? _name;
    private Stage _stage;

    public MistralToolCallParser(ChatOutput output)
        : base(ToolCallFormat.Mistral, output)
    {
    }

    private enum Stage
    {
        Text,

        /// <summary>Behind the marker: an array or a name follows.</summary>
        Header,

        /// <summary>In the array, between its objects.</summary>
        Array,
        Object,
    }

    public override void Write(ReadOnlySpan<char> text)
    {
        while (!text.IsEmpty)
        {
            int taken = 1;
            switch (_stage)
            {
                case Stage.Text:
                    taken = _scanner.Scan(text, Text, out bool found);
                    if (found)
                    {
                        _held.Append(Marker);
                        _stage = Stage.Header;
                    }

                    break;
                case Stage.Header:
                    taken = ReadHeader(text[0]);
                    break;
                case Stage.Array:
                    taken = ReadArray(text[0]);
                    break;
                default:
                    ReadObject(text[0]);
                    break;
            }

            text = text[taken..];
        }
    }

    public override void Complete()
    {
        if (_stage == Stage.Object)
        {
            EndObject(mustBeWhole: true);
        }

        PassHeld();
        _scanner.Flush(Text);
        Text.Complete();
    }

    /// <summary>Returns how many characters were taken: none when the character is text.</summary>
    private int ReadHeader(char next)
    {
        string header = _held.ToString(Marker.Length, _held.Length - Marker.Length).Trim();
        if (next == '{' && TryReadName(header, out _name))
        {
            StartObject(next);
        }
        else if (next == '[' && header.Length == 0)
        {
            _held.Append(next);
            _name = null;
            _stage = Stage.Array;
        }
        else if (header.Length < MaxHeaderLength && (char.IsAsciiLetterOrDigit(next) || char.IsWhiteSpace(next) || "_-.:/[]".Contains(next)))
        {
            _held.Append(next);
        }
        else
        {
            PassHeld();
            return 0;
        }

        return 1;
    }

    private int ReadArray(char next)
    {
        if (next == '{')
        {
            StartObject(next);
        }
        else if (next == ']')
        {
            // The array is text when no call came of it.
            if (_held.Length > 0 && _held[0] == '[')
            {
                _held.Append(next);
                PassHeld();
            }

            _held.Clear();
            _stage = Stage.Text;
        }
        else if (next == ',' || char.IsWhiteSpace(next))
        {
            _held.Append(next);
        }
        else
        {
            PassHeld();
            return 0;
        }

        return 1;
    }

    private void StartObject(char next)
    {
        _objectStart = _held.Length;
        _balance = default;
        _stage = Stage.Object;
        ReadObject(next);
    }

    private void ReadObject(char next)
    {
        _held.Append(next);
        _balance.Append(next);
        if (_balance.IsBalanced)
        {
            EndObject(mustBeWhole: false);
        }
    }

    private void EndObject(bool mustBeWhole)
    {
        string json = _held.ToString(_objectStart, _held.Length - _objectStart);
        if (_name is not null && !mustBeWhole)
        {
            AddCall(_name, json);
            _held.Clear();
            _stage = Stage.Text;
        }
        else if (_name is null && ToolCallText.TryRead(json, out ToolCallText call) && (call.AreArgumentsWhole || !mustBeWhole))
        {
            AddCall(call.Name, call.Arguments);
            _held.Clear();
            _stage = Stage.Array;
        }
        else
        {
            PassHeld();
        }
    }

    private static bool TryReadName(string header, out string? name)
    {
        int end = header.IndexOf(IdMarker, StringComparison.Ordinal);
        if (end < 0)
        {
            end = header.EndsWith(ArgumentsMarker, StringComparison.Ordinal) ? header.Length - ArgumentsMarker.Length : header.Length;
        }

        name = header[..end].Trim();
        return name.Length > 0 && !name.Any(static character => char.IsWhiteSpace(character) || character is '[' or ']');
    }

    private void PassHeld()
    {
        Text.Write(_held.ToString());
        _held.Clear();
        _stage = Stage.Text;
    }
}
