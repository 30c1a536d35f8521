using System.Text;

namespace KvScheduling;

/// <summary>Finds tool calls in generated text. Text that turns out to be no call is delivered as text; only white space beside a call is dropped.</summary>
internal abstract class ToolCallParser : ITextSink
{
    private readonly ChatOutput _output;
    private readonly ToolCallFormat _format;
    private readonly TextSink _text;

    private protected ToolCallParser(ToolCallFormat format, ChatOutput output)
    {
        _format = format;
        _output = output;
        _text = new TextSink(output);
    }

    /// <summary>Receives what is no call.</summary>
    private protected ITextSink Text => _text;

    public abstract void Write(ReadOnlySpan<char> text);

    public abstract void Complete();

    private protected void AddCall(string name, string? arguments)
    {
        _text.EndBeforeCall();
        _output.AddCall(ToolCallFactory.Create(name, arguments, _format));
    }

    /// <summary>Holds white space until it is known whether a call follows.</summary>
    private sealed class TextSink(ChatOutput output) : ITextSink
    {
        private readonly StringBuilder _whiteSpace = new();
        private bool _isBehindCall;

        public void Write(ReadOnlySpan<char> text)
        {
            if (_isBehindCall)
            {
                text = text.TrimStart();
                _isBehindCall = text.IsEmpty;
            }

            int end = text.TrimEnd().Length;
            if (end > 0)
            {
                Complete();
                output.Write(text[..end]);
            }

            _whiteSpace.Append(text[end..]);
        }

        public void Complete()
        {
            if (_whiteSpace.Length > 0)
            {
                output.Write(_whiteSpace.ToString());
                _whiteSpace.Clear();
            }
        }

        public void EndBeforeCall()
        {
            _whiteSpace.Clear();
            _isBehindCall = true;
        }
    }
}
