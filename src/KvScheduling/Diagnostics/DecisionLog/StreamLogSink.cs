using System.Globalization;
using System.Text;

namespace KvScheduling;

/// <summary>Writes records to a stream at once: for simulations, where nobody waits.</summary>
internal sealed class StreamLogSink(Stream stream) : IDecisionLogSink
{
    private readonly DecisionLogSeal _seal = new();
    private byte[] _line = new byte[1024];

    /// <summary>Lines written.</summary>
    public long Records { get; private set; }

    /// <summary>Bytes written.</summary>
    public long Bytes { get; private set; }

    public void Write(ReadOnlySpan<byte> body)
    {
        int length = body.Length + DecisionLogSeal.Length + 1;
        if (_line.Length < length)
        {
            _line = new byte[Math.Max(length, 2 * _line.Length)];
        }

        _seal.Seal(body, _line);
        _line[length - 1] = (byte)'\n';
        stream.Write(_line, 0, length);
        Records++;
        Bytes += length;
    }

    /// <summary>Writes the last record, by which a reader knows that the log is whole.</summary>
    /// <param name="lost">Records that are missing.</param>
    public void Close(long lost)
    {
        Write(Encoding.UTF8.GetBytes(string.Create(
            CultureInfo.InvariantCulture,
            $"{{\"{DecisionLogFormat.Do}\":\"{DecisionLogFormat.Close}\",\"{DecisionLogFormat.Records}\":{Records},\"{DecisionLogFormat.Lost}\":{lost}")));
        stream.Flush();
    }

    /// <summary>Says that records are missing here.</summary>
    public void WriteMissing(long records) => Write(Encoding.UTF8.GetBytes(string.Create(
        CultureInfo.InvariantCulture, $"{{\"{DecisionLogFormat.Do}\":\"{DecisionLogFormat.Lost}\",\"{DecisionLogFormat.Records}\":{records}")));
}
