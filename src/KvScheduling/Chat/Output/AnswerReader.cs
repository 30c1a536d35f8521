using Microsoft.Extensions.AI;

namespace KvScheduling;

/// <summary>Reads one answer: from tokens over text, stop sequences, reasoning and tool calls to contents. Not thread-safe.</summary>
internal sealed class AnswerReader
{
    private readonly OutputDecoder _decoder;
    private readonly StopSequenceFilter _text;
    private readonly ChatOutput _output;

    /// <param name="prompt">What the answer follows.</param>
    /// <param name="request">The options.</param>
    /// <param name="codec">The model's text side.</param>
    public AnswerReader(ChatPrompt prompt, ChatRequest request, ITextCodec codec)
    {
        _output = new ChatOutput(request.MaxCalls);
        ITextSink answer = ToolCallSyntax.CreateParser(prompt.ToolCallFormat, _output);
        IEnumerable<string> markers = ToolCallSyntax.Markers(prompt.ToolCallFormat);

        // The opening belongs to the answer although the model did not write it.
        answer.Write(prompt.Opening);
        if (prompt.Reasoning != ReasoningStart.None)
        {
            answer = new ReasoningFilter(prompt.Reasoning == ReasoningStart.Open, _output, answer);
            markers = markers.Append(ReasoningFilter.Opening).Append(ReasoningFilter.Closing);
        }

        _decoder = new OutputDecoder(codec, markers);
        _text = new StopSequenceFilter(request.StopSequences, answer);
    }

    /// <summary>Whether the answer is complete although the model may go on: a stop sequence has come, or as many calls as were asked for.</summary>
    public bool IsComplete => _text.HasStopped || _output.IsFull;

    public bool HasCalls => _output.CallCount > 0;

    public void Append(int token) => _text.Write(_decoder.Append(token));

    /// <summary>No more tokens come: what was held back is delivered.</summary>
    public void End()
    {
        if (!IsComplete)
        {
            _text.Write(_decoder.Flush());
        }

        _text.Complete();
    }

    /// <summary>What came since the last call; empty when all of it is held back or nothing came.</summary>
    public IList<AIContent> Take() => _output.Take();
}
