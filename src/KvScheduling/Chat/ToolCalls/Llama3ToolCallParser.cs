using System.Text;

namespace KvScheduling;

/// <summary>Calls as Llama 3 writes them: JSON objects as the whole message. An object that is no call, and everything behind it, is text.</summary>
internal sealed class Llama3ToolCallParser : ToolCallParser
{
    public const string PythonTag = "<|python_tag|>";

    /// <summary>What may be text after all: separators, the tag, and the object so far.</summary>
    private readonly StringBuilder _held = new();
    private JsonBalance _balance;
    private int _tagLength;
    private int _objectStart;
    private bool _hasCall;
    private Stage _stage;

    public Llama3ToolCallParser(ChatOutput output)
        : base(ToolCallFormat.Llama3Json, output)
    {
    }

    private enum Stage
    {
        /// <summary>An object is expected, at the start or behind another.</summary>
        Between,
        Object,
        Text,
    }

    public override void Write(ReadOnlySpan<char> text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            if (_stage == Stage.Text)
            {
                Text.Write(text[i..]);
                return;
            }

            _held.Append(text[i]);
            if (_stage == Stage.Between)
            {
                ReadBetween(text[i]);
            }
            else
            {
                _balance.Append(text[i]);
                if (_balance.IsBalanced)
                {
                    EndObject(mustBeWhole: false);
                }
            }
        }
    }

    public override void Complete()
    {
        if (_stage == Stage.Object)
        {
            EndObject(mustBeWhole: true);
        }

        if (_stage == Stage.Between && _hasCall && _held.ToString().AsSpan().Trim(" \t\r\n;").IsEmpty)
        {
            _held.Clear();
        }

        PassHeld();
        Text.Complete();
    }

    private void ReadBetween(char next)
    {
        if (next == PythonTag[_tagLength])
        {
            _tagLength = _tagLength + 1 < PythonTag.Length ? _tagLength + 1 : 0;
        }
        else if (_tagLength == 0 && next == '{')
        {
            _objectStart = _held.Length - 1;
            _balance = default;
            _balance.Append(next);
            _stage = Stage.Object;
        }
        else if (_tagLength != 0 || !(char.IsWhiteSpace(next) || (next == ';' && _hasCall)))
        {
            PassHeld();
            _stage = Stage.Text;
        }
    }

    private void EndObject(bool mustBeWhole)
    {
        if (ToolCallText.TryRead(_held.ToString(_objectStart, _held.Length - _objectStart), out ToolCallText call)
            && call.Arguments is not null && (call.AreArgumentsWhole || !mustBeWhole))
        {
            AddCall(call.Name, call.Arguments);
            _hasCall = true;
            _held.Clear();
            _stage = Stage.Between;
        }
        else
        {
            PassHeld();
            _stage = Stage.Text;
        }
    }

    private void PassHeld()
    {
        Text.Write(_held.ToString());
        _held.Clear();
    }
}
