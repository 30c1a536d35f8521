using System.Text;

namespace KvScheduling.ManagedEngine;

/// <summary>Decodes the tokens of one output as they come. UTF-8 that is not complete waits for the next token.</summary>
internal sealed class HfTokenDecoder : ITokenDecoder
{
    // What a decoder can hold back of an earlier token: an incomplete sequence has at most 3 bytes, each of which may turn out broken.
    private const int PendingCharacters = 4;

    private readonly TokenizerModel _model;
    private readonly Decoder _utf8 = Encoding.UTF8.GetDecoder();
    private readonly char[] _characters;

    public HfTokenDecoder(TokenizerModel model)
    {
        _model = model;
        _characters = new char[model.LongestToken + PendingCharacters];
    }

    public ReadOnlySpan<char> Append(int tokenId)
    {
        ReadOnlySpan<byte> bytes = _model.VisibleBytes(tokenId);
        return bytes.IsEmpty ? default : _characters.AsSpan(0, _utf8.GetChars(bytes, _characters, flush: false));
    }

    public ReadOnlySpan<char> Flush() => _characters.AsSpan(0, _utf8.GetChars([], _characters, flush: true));
}
