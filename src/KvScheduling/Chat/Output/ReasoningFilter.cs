using System.Text;

namespace KvScheduling;

/// <summary>Takes a leading <c>&lt;think&gt;…&lt;/think&gt;</c> out of the text and delivers it as reasoning.</summary>
internal sealed class ReasoningFilter : ITextSink
{
    public const string Opening = "<think>";
    public const string Closing = "</think>";

    private static readonly SequenceAutomaton ClosingAutomaton = new(Closing);

    private readonly ITextSink _next;
    private readonly ReasoningSink _reasoning;
    private readonly SequenceScanner _scanner = new(ClosingAutomaton);
    private readonly StringBuilder _held = new();
    private Stage _stage;

    /// <param name="isOpen">Whether the prompt ends inside the reasoning already.</param>
    /// <param name="output">Receives the reasoning.</param>
    /// <param name="next">Receives the text.</param>
    public ReasoningFilter(bool isOpen, ChatOutput output, ITextSink next)
    {
        _stage = isOpen ? Stage.Reasoning : Stage.Start;
        _reasoning = new ReasoningSink(output);
        _next = next;
    }

    private enum Stage
    {
        Start,
        Reasoning,

        /// <summary>Behind the reasoning: the white space before the answer is dropped.</summary>
        Gap,
        Text,
    }

    public void Write(ReadOnlySpan<char> text)
    {
        if (_stage == Stage.Start)
        {
            text = ReadStart(text);
        }

        if (_stage == Stage.Reasoning && text.Length > 0)
        {
            text = text[_scanner.Scan(text, _reasoning, out bool found)..];
            _stage = found ? Stage.Gap : Stage.Reasoning;
        }

        if (_stage == Stage.Gap)
        {
            text = text.TrimStart();
            _stage = text.Length > 0 ? Stage.Text : Stage.Gap;
        }

        if (_stage == Stage.Text && text.Length > 0)
        {
            _next.Write(text);
        }
    }

    public void Complete()
    {
        _scanner.Flush(_reasoning);
        PassHeld();
        _next.Complete();
    }

    /// <summary>Holds white space and what may be the opening tag; gives back what comes behind it, or behind the decision that there is none.</summary>
    private ReadOnlySpan<char> ReadStart(ReadOnlySpan<char> text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            _held.Append(text[i]);
            string tag = _held.ToString().TrimStart();
            if (tag == Opening)
            {
                _held.Clear();
                _stage = Stage.Reasoning;
                return text[(i + 1)..];
            }

            if (!Opening.StartsWith(tag, StringComparison.Ordinal))
            {
                PassHeld();
                _stage = Stage.Text;
                return text[(i + 1)..];
            }
        }

        return [];
    }

    private void PassHeld()
    {
        if (_held.Length > 0)
        {
            _next.Write(_held.ToString());
            _held.Clear();
        }
    }

    private sealed class ReasoningSink(ChatOutput output) : ITextSink
    {
        public void Write(ReadOnlySpan<char> text) => output.WriteReasoning(text);

        public void Complete()
        {
        }
    }
}
