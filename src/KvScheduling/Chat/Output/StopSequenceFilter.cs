namespace KvScheduling;

/// <summary>Ends the text at the first stop sequence. The sequence itself is not delivered.</summary>
internal sealed class StopSequenceFilter : ITextSink
{
    private readonly SequenceScanner? _scanner;
    private readonly ITextSink _next;

    public StopSequenceFilter(IReadOnlyList<string> sequences, ITextSink next)
    {
        _scanner = sequences.Count == 0 ? null : new SequenceScanner(new SequenceAutomaton(sequences));
        _next = next;
    }

    /// <summary>Whether a stop sequence has come; text behind it is dropped.</summary>
    public bool HasStopped { get; private set; }

    public void Write(ReadOnlySpan<char> text)
    {
        if (_scanner is null)
        {
            _next.Write(text);
        }
        else if (!HasStopped)
        {
            _scanner.Scan(text, _next, out bool found);
            HasStopped = found;
        }
    }

    public void Complete()
    {
        if (!HasStopped)
        {
            _scanner?.Flush(_next);
        }

        _next.Complete();
    }
}
