using System.Text;

namespace KvScheduling;

/// <summary>Decodes the tokens of <see cref="SimulatedTextCodec"/>.</summary>
internal sealed class SimulatedTokenDecoder : ITokenDecoder
{
    private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();
    private readonly char[] _buffer = new char[32];

    public ReadOnlySpan<char> Append(int tokenId)
    {
        if (SimulatedVocabulary.IsByte(tokenId))
        {
            byte value = (byte)tokenId;
            int count = _decoder.GetChars(new ReadOnlySpan<byte>(in value), _buffer, flush: false);
            return _buffer.AsSpan(0, count);
        }

        int broken = FlushTo(_buffer);
        string word = SimulatedVocabulary.TextOf(tokenId);
        word.CopyTo(_buffer.AsSpan(broken));
        return _buffer.AsSpan(0, broken + word.Length);
    }

    public ReadOnlySpan<char> Flush() => _buffer.AsSpan(0, FlushTo(_buffer));

    private int FlushTo(Span<char> buffer) => _decoder.GetChars([], buffer, flush: true);
}
