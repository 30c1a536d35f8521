namespace KvScheduling;

/// <summary>Passes text on up to the first of some sequences. Holds back no more than what may begin one.</summary>
internal sealed class SequenceScanner
{
    private readonly SequenceAutomaton _automaton;
    private readonly char[] _held;
    private int _heldCount;
    private int _state;

    public SequenceScanner(SequenceAutomaton automaton)
    {
        _automaton = automaton;
        _held = new char[automaton.MaxLength];
    }

    /// <summary>Takes text up to and including the sequence that is complete first; of several that end together the longest counts.</summary>
    /// <param name="text">The next piece of text.</param>
    /// <param name="output">Receives what comes before the sequence.</param>
    /// <param name="found">Whether a sequence was found; it is not passed on, and the scanner starts anew behind it.</param>
    /// <returns>How many characters were taken: all of them when nothing was found.</returns>
    public int Scan(ReadOnlySpan<char> text, ITextSink output, out bool found)
    {
        for (int i = 0; i < text.Length; i++)
        {
            _state = _automaton.Next(_state, text[i]);
            int matchLength = _automaton.MatchLength(_state);
            if (matchLength > 0)
            {
                Release(text[..(i + 1)], matchLength, output);
                _heldCount = 0;
                _state = 0;
                found = true;
                return i + 1;
            }
        }

        Release(text, _automaton.Depth(_state), output);
        found = false;
        return text.Length;
    }

    /// <summary>Passes on what was held back: no more text comes.</summary>
    public void Flush(ITextSink output)
    {
        Release([], 0, output);
        _state = 0;
    }

    /// <summary>Passes on what was held and the text, all but the last characters.</summary>
    private void Release(ReadOnlySpan<char> text, int keep, ITextSink output)
    {
        int passed = _heldCount + text.Length - keep;
        int passedHeld = Math.Min(_heldCount, passed);
        if (passedHeld > 0)
        {
            output.Write(_held.AsSpan(0, passedHeld));
            _held.AsSpan(passedHeld, _heldCount - passedHeld).CopyTo(_held);
            _heldCount -= passedHeld;
        }

        int passedText = passed - passedHeld;
        if (passedText > 0)
        {
            output.Write(text[..passedText]);
        }

        ReadOnlySpan<char> rest = text[passedText..];
        rest.CopyTo(_held.AsSpan(_heldCount));
        _heldCount += rest.Length;
    }
}
