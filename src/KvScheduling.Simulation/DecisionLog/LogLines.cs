namespace KvScheduling.Simulation;

/// <summary>The lines of a log, as the bytes that they are.</summary>
internal sealed class LogLines(Stream stream)
{
    private byte[] _buffer = new byte[1 << 16];
    private int _start;
    private int _end;
    private bool _isAtEnd;

    /// <summary>The present line, without its line end.</summary>
    public ReadOnlyMemory<byte> Current { get; private set; }

    /// <summary>Its number; the first is 1.</summary>
    public long Number { get; private set; }

    /// <summary>Whether the last line has no line end: what wrote it ended before.</summary>
    public bool IsCutOff { get; private set; }

    public bool Next()
    {
        while (true)
        {
            int length = _buffer.AsSpan(_start, _end - _start).IndexOf((byte)'\n');
            if (length >= 0)
            {
                Current = _buffer.AsMemory(_start, length);
                _start += length + 1;
                Number++;
                return true;
            }

            if (_isAtEnd)
            {
                IsCutOff = _end > _start;
                return false;
            }

            Fill();
        }
    }

    private void Fill()
    {
        _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
        (_end, _start) = (_end - _start, 0);
        if (_end == _buffer.Length)
        {
            Array.Resize(ref _buffer, 2 * _buffer.Length);
        }

        int read = stream.Read(_buffer, _end, _buffer.Length - _end);
        _isAtEnd = read == 0;
        _end += read;
    }
}
