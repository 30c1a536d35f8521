using System.Text;

namespace KvScheduling.OnnxGenAI;

/// <summary>Decodes one output of a byte-level model as it comes.</summary>
internal sealed class ByteLevelDecoder(ByteLevelVocabulary vocabulary) : ITokenDecoder
{
    private readonly Decoder _utf8 = Encoding.UTF8.GetDecoder();
    private char[] _text = new char[32];

    public ReadOnlySpan<char> Append(int tokenId)
    {
        ReadOnlySpan<byte> bytes = vocabulary.BytesOf(tokenId);
        int most = Encoding.UTF8.GetMaxCharCount(bytes.Length);
        if (_text.Length < most)
        {
            _text = new char[most];
        }

        return _text.AsSpan(0, _utf8.GetChars(bytes, _text, flush: false));
    }

    public ReadOnlySpan<char> Flush() => _text.AsSpan(0, _utf8.GetChars([], _text, flush: true));
}
