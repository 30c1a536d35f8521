using System.Text;
using Microsoft.Extensions.AI;

namespace KvScheduling;

/// <summary>Collects what was generated since the last update: text, reasoning and tool calls, in order.</summary>
internal sealed class ChatOutput : ITextSink
{
    private readonly StringBuilder _text = new();
    private readonly int _maxCalls;
    private List<AIContent> _contents = [];
    private bool _isReasoning;

    /// <param name="maxCalls">After this many calls the output is over.</param>
    public ChatOutput(int maxCalls = int.MaxValue) => _maxCalls = maxCalls;

    public int CallCount { get; private set; }

    /// <summary>Whether as many calls have come as were asked for; what follows is dropped.</summary>
    public bool IsFull => CallCount >= _maxCalls;

    public void Write(ReadOnlySpan<char> text) => Write(text, isReasoning: false);

    public void WriteReasoning(ReadOnlySpan<char> text) => Write(text, isReasoning: true);

    public void AddCall(FunctionCallContent call)
    {
        if (!IsFull)
        {
            EndText();
            _contents.Add(call);
            CallCount++;
        }
    }

    public void Complete()
    {
    }

    /// <summary>Hands over what was collected; empty when nothing was.</summary>
    public IList<AIContent> Take()
    {
        EndText();
        if (_contents.Count == 0)
        {
            return [];
        }

        List<AIContent> contents = _contents;
        _contents = [];
        return contents;
    }

    private void Write(ReadOnlySpan<char> text, bool isReasoning)
    {
        if (IsFull || text.IsEmpty)
        {
            return;
        }

        if (isReasoning != _isReasoning)
        {
            EndText();
            _isReasoning = isReasoning;
        }

        _text.Append(text);
    }

    private void EndText()
    {
        if (_text.Length > 0)
        {
            string text = _text.ToString();
            _contents.Add(_isReasoning ? new TextReasoningContent(text) : new TextContent(text));
            _text.Clear();
        }
    }
}
