using System.Text;

namespace KvScheduling;

/// <summary>Calls as Hermes and Qwen models write them: a JSON object between tags, anywhere in the text.</summary>
internal sealed class HermesToolCallParser : ToolCallParser
{
    public const string Opening = "<tool_call>";
    public const string Closing = "</tool_call>";

    private static readonly SequenceAutomaton OpeningAutomaton = new(Opening);

    private readonly SequenceScanner _scanner = new(OpeningAutomaton);

    /// <summary>The call so far, from behind the opening tag; or the closing tag so far.</summary>
    private readonly StringBuilder _held = new();
    private JsonBalance _balance;
    private Stage _stage;

    public HermesToolCallParser(ChatOutput output)
        : base(ToolCallFormat.Hermes, output)
    {
    }

    private enum Stage
    {
        Text,

        /// <summary>Behind the opening tag, before the object.</summary>
        Opened,
        Object,

        /// <summary>Behind the object: the closing tag is expected, but may be missing.</summary>
        Closing,
    }

    public override void Write(ReadOnlySpan<char> text)
    {
        while (!text.IsEmpty)
        {
            int taken = _stage switch
            {
                Stage.Text => ReadText(text),
                Stage.Opened => ReadOpened(text),
                Stage.Object => ReadObject(text),
                _ => ReadClosing(text),
            };
            text = text[taken..];
        }
    }

    public override void Complete()
    {
        if (_stage == Stage.Object)
        {
            CompleteObject();
        }

        if (_stage == Stage.Opened)
        {
            PassHeld(Opening);
        }
        else if (_stage == Stage.Closing)
        {
            PassHeld(string.Empty);
        }

        _scanner.Flush(Text);
        Text.Complete();
    }

    private int ReadText(ReadOnlySpan<char> text)
    {
        int taken = _scanner.Scan(text, Text, out bool found);
        _stage = found ? Stage.Opened : Stage.Text;
        return taken;
    }

    private int ReadOpened(ReadOnlySpan<char> text)
    {
        int spaces = text.Length - text.TrimStart().Length;
        _held.Append(text[..spaces]);
        if (spaces < text.Length)
        {
            if (text[spaces] == '{')
            {
                _balance = default;
                _stage = Stage.Object;
            }
            else
            {
                PassHeld(Opening);
            }
        }

        return spaces;
    }

    private int ReadObject(ReadOnlySpan<char> text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            // Outside a string no JSON has this character: a tag comes, and the object lacks a brace.
            if (text[i] == '<' && !_balance.InString)
            {
                EndObject();
                return i;
            }

            _held.Append(text[i]);
            _balance.Append(text[i]);
            if (_balance.IsBalanced)
            {
                EndObject();
                return i + 1;
            }
        }

        return text.Length;
    }

    private int ReadClosing(ReadOnlySpan<char> text)
    {
        int spaces = _held.Length > 0 ? 0 : text.Length - text.TrimStart().Length;
        for (int i = spaces; i < text.Length; i++)
        {
            if (text[i] != Closing[_held.Length])
            {
                // The next call's opening tag begins like the closing tag that is missing.
                _scanner.Scan(_held.ToString(), Text, out _);
                _held.Clear();
                _stage = Stage.Text;
                return i;
            }

            _held.Append(text[i]);
            if (_held.Length == Closing.Length)
            {
                _held.Clear();
                _stage = Stage.Text;
                return i + 1;
            }
        }

        return text.Length;
    }

    private void EndObject()
    {
        if (ToolCallText.TryRead(_held.ToString(), out ToolCallText call))
        {
            AddCall(call.Name, call.Arguments);
            _held.Clear();
            _stage = Stage.Closing;
        }
        else
        {
            PassHeld(Opening);
        }
    }

    /// <summary>The output ends inside a call. It still is one when its closing tag stands inside a string that was never closed, or when nothing but braces
    /// is missing.</summary>
    private void CompleteObject()
    {
        string held = _held.ToString();
        int closing = held.IndexOf(Closing, StringComparison.Ordinal);
        if (closing >= 0)
        {
            _held.Length = closing;
            EndObject();
            Write(held.AsSpan(closing));
            if (_stage == Stage.Object)
            {
                CompleteObject();
            }
        }
        else if (ToolCallText.TryRead(held, out ToolCallText call) && call.AreArgumentsWhole)
        {
            AddCall(call.Name, call.Arguments);
            _held.Clear();
            _stage = Stage.Closing;
        }
        else
        {
            PassHeld(Opening);
        }
    }

    /// <summary>What was held is text after all.</summary>
    private void PassHeld(string tag)
    {
        Text.Write(tag);
        Text.Write(_held.ToString());
        _held.Clear();
        _stage = Stage.Text;
    }
}
