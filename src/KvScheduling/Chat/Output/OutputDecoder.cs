namespace KvScheduling;

/// <summary>Decodes an output and writes out those special tokens that carry its syntax, which a tokenizer may hide.</summary>
internal sealed class OutputDecoder
{
    private readonly ITokenDecoder _decoder;
    private readonly Dictionary<int, string> _markers = [];

    /// <param name="codec">The model's tokenizer.</param>
    /// <param name="markers">Texts that tell calls and reasoning from answers. Those that are single tokens are seen even where the decoder hides them.</param>
    public OutputDecoder(ITextCodec codec, IEnumerable<string> markers)
    {
        _decoder = codec.CreateDecoder();
        foreach (string marker in markers)
        {
            if (codec.Encode(marker) is [int token])
            {
                _markers.TryAdd(token, marker);
            }
        }
    }

    public ReadOnlySpan<char> Append(int token)
    {
        ReadOnlySpan<char> text = _decoder.Append(token);
        return _markers.TryGetValue(token, out string? marker) && !text.EndsWith(marker) ? string.Concat(text, marker) : text;
    }

    public ReadOnlySpan<char> Flush() => _decoder.Flush();
}
