using System.Buffers;
using System.Text;

namespace KvScheduling.ManagedEngine;

/// <summary>A byte-level BPE tokenizer (the kinds of GPT-2, Llama 3, Qwen and SmolLM). Immutable and thread-safe.</summary>
internal sealed class TokenizerModel
{
    private readonly AddedTokens _addedTokens;
    private readonly PreTokenizer _preTokenizer;
    private readonly BytePairEncoder _encoder;
    private readonly bool _normalizes;
    private readonly byte[]?[] _visibleBytes;

    /// <param name="addedTokens">Tokens recognised as written.</param>
    /// <param name="preTokenizer">Cuts text into pieces.</param>
    /// <param name="encoder">Encodes a piece.</param>
    /// <param name="normalizes">Whether text is brought into Unicode normalization form C first.</param>
    /// <param name="visibleBytes">The bytes that each token shows; <see langword="null"/> for hidden and unused ids.</param>
    public TokenizerModel(AddedTokens addedTokens, PreTokenizer preTokenizer, BytePairEncoder encoder, bool normalizes, byte[]?[] visibleBytes)
    {
        _addedTokens = addedTokens;
        _preTokenizer = preTokenizer;
        _encoder = encoder;
        _normalizes = normalizes;
        _visibleBytes = visibleBytes;
        LongestToken = visibleBytes.Max(bytes => bytes?.Length ?? 0);
    }

    /// <summary>The most bytes that one token shows.</summary>
    public int LongestToken { get; }

    /// <summary>The bytes that a token shows; empty for hidden, unused and impossible ids.</summary>
    public ReadOnlySpan<byte> VisibleBytes(int token) => (uint)token < (uint)_visibleBytes.Length ? _visibleBytes[token] : default;

    public List<int> Encode(string text)
    {
        // About four characters make a token.
        var tokens = new List<int>((text.Length / 4) + 8);
        int position = 0;
        while (position < text.Length)
        {
            AddedToken? added = _addedTokens.FindNext(text, position, out int start, out int end);
            EncodeText(text, position, start - position, tokens);
            if (added is not null)
            {
                tokens.Add(added.Id);
            }

            position = end;
        }

        return tokens;
    }

    private void EncodeText(string text, int start, int length, List<int> tokens)
    {
        if (length == 0)
        {
            return;
        }

        if (_normalizes && !Ascii.IsValid(text.AsSpan(start, length)))
        {
            text = UnicodeText.ToFormC(text.Substring(start, length));
            (start, length) = (0, text.Length);
        }

        ReadOnlySpan<char> span = text.AsSpan(start, length);
        var pieces = new List<PreTokenizer.Piece>((length / 4) + 1);
        _preTokenizer.Split(span, pieces);
        byte[] utf8 = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(256));
        foreach (PreTokenizer.Piece piece in pieces)
        {
            int maxBytes = Encoding.UTF8.GetMaxByteCount(piece.Length);
            if (utf8.Length < maxBytes)
            {
                ArrayPool<byte>.Shared.Return(utf8);
                utf8 = ArrayPool<byte>.Shared.Rent(maxBytes);
            }

            int bytes = Encoding.UTF8.GetBytes(span.Slice(piece.Start, piece.Length), utf8);
            _encoder.Encode(utf8.AsSpan(0, bytes), tokens);
        }

        ArrayPool<byte>.Shared.Return(utf8);
    }
}
