namespace KvScheduling.Simulation;

/// <summary>Keeps what a replay writes, sealed, for the comparison with the log.</summary>
internal sealed class ComparingSink : IDecisionLogSink
{
    private readonly DecisionLogSeal _seal = new();
    private byte[] _line = new byte[4096];
    private int _length;

    /// <summary>Records since the last <see cref="Clear"/>.</summary>
    public int Records { get; private set; }

    /// <summary>The last one as a line, without its line end.</summary>
    public ReadOnlySpan<byte> Line => _line.AsSpan(0, _length);

    public void Write(ReadOnlySpan<byte> body)
    {
        _length = body.Length + DecisionLogSeal.Length;
        if (_line.Length < _length)
        {
            _line = new byte[2 * _length];
        }

        _seal.Seal(body, _line);
        Records++;
    }

    public void Clear()
    {
        Records = 0;
        _length = 0;
    }
}
