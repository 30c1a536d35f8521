namespace KvScheduling.OnnxGenAI;

/// <summary>Decodes one output as it comes by the native tokenizer: for vocabularies that are not byte-level.</summary>
/// <remarks>
/// A token's text can depend on the token before it (leading blanks) and can end within a character, so the new text is the difference between two decodings that start at the same earlier token;
/// it is held back while it ends in U+FFFD, which is how an unfinished character decodes. Natively U+FFFD also swallows all that follows it, so broken tokens are no context.
/// </remarks>
internal sealed class NativeTokenDecoder(OnnxTextCodec codec) : ITokenDecoder
{
    /// <summary>No character is longer than four bytes, and every token has at least one: the first of four tokens that are still broken stays broken.</summary>
    private const int LongestPending = 4;

    private const char Replacement = '\uFFFD';

    // [0, _emitted) was given out already and is only context; [_emitted, _count) is pending.
    private int[] _tokens = new int[16];
    private int _emitted;
    private int _count;
    private char[] _context = new char[64];
    private char[] _text = new char[64];

    public ReadOnlySpan<char> Append(int tokenId)
    {
        if (_count == _tokens.Length)
        {
            Array.Resize(ref _tokens, _count * 2);
        }

        _tokens[_count++] = tokenId;
        ReadOnlySpan<char> pending = Pending(_count);
        if (pending.IsEmpty)
        {
            // A hidden special token; as context it would say nothing either.
            _count--;
            return [];
        }

        if (pending[^1] != Replacement)
        {
            Forget(_emitted);
            _emitted = _count;
            return pending;
        }

        if (_count - _emitted < LongestPending)
        {
            return [];
        }

        pending = Pending(_emitted + 1);
        Forget(_emitted + 1);
        return pending;
    }

    public ReadOnlySpan<char> Flush()
    {
        ReadOnlySpan<char> pending = Pending(_count);
        _emitted = _count = 0;
        return pending;
    }

    private ReadOnlySpan<char> Pending(int end)
    {
        int known = codec.Decode(_tokens.AsSpan(0, _emitted), ref _context);
        int length = codec.Decode(_tokens.AsSpan(0, end), ref _text);
        return _text.AsSpan(Math.Min(known, length), Math.Max(length - known, 0));
    }

    private void Forget(int leading)
    {
        _tokens.AsSpan(leading, _count - leading).CopyTo(_tokens);
        _count -= leading;
        _emitted = 0;
    }
}
