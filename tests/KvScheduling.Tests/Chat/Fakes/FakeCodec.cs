using System.Text;

namespace KvScheduling.Tests.Chat;

/// <summary>A byte-level tokenizer with extra tokens: ids below 256 are bytes, the others whatever a test adds, whole words as well as parts of a
/// character.</summary>
internal sealed class FakeCodec : ITextCodec
{
    private readonly List<(byte[] Bytes, bool IsHidden)> _added = [];
    private readonly Dictionary<string, int> _specials = [];

    public const string HermesTemplate = "{% for tool in tools %}<tool_call>{% endfor %}";
    public const string LlamaTemplate = "<|start_header_id|> tools <|python_tag|>";
    public const string MistralTemplate = "[AVAILABLE_TOOLS] tools [TOOL_CALLS]";

    public string? ChatTemplate { get; init; } = HermesTemplate;

    /// <summary>Makes the prompt's text of messages and tools.</summary>
    public Func<string, string?, string> Render { get; init; } = static (messages, tools) => $"{tools}\n{messages}\nassistant:";

    public List<(string Messages, string? Tools)> Rendered { get; } = [];

    public List<string> Encoded { get; } = [];

    public int VocabularySize => 256 + _added.Count;

    /// <summary>Adds a token that the encoder never makes.</summary>
    public int Add(params byte[] bytes)
    {
        _added.Add((bytes, false));
        return 255 + _added.Count;
    }

    public int Add(string text) => Add(Encoding.UTF8.GetBytes(text));

    /// <summary>Adds a special token, which the encoder recognises in text.</summary>
    public int AddSpecial(string text, bool isHidden = true)
    {
        _added.Add((Encoding.UTF8.GetBytes(text), isHidden));
        _specials[text] = 255 + _added.Count;
        return 255 + _added.Count;
    }

    public string ApplyChatTemplate(string messagesJson, string? toolsJson, bool addGenerationPrompt)
    {
        Assert.True(addGenerationPrompt);
        lock (Rendered)
        {
            Rendered.Add((messagesJson, toolsJson));
        }

        return Render(messagesJson, toolsJson);
    }

    public int[] Encode(string text)
    {
        lock (Encoded)
        {
            Encoded.Add(text);
        }

        List<int> tokens = [];
        for (int i = 0; i < text.Length;)
        {
            KeyValuePair<string, int> special = _specials.FirstOrDefault(entry => text.AsSpan(i).StartsWith(entry.Key));
            if (special.Key is not null)
            {
                tokens.Add(special.Value);
                i += special.Key.Length;
                continue;
            }

            int length = char.IsHighSurrogate(text[i]) && i + 1 < text.Length ? 2 : 1;
            tokens.AddRange(Encoding.UTF8.GetBytes(text, i, length).Select(static value => (int)value));
            i += length;
        }

        return [.. tokens];
    }

    public ITokenDecoder CreateDecoder() => new Decoder(this);

    private sealed class Decoder(FakeCodec codec) : ITokenDecoder
    {
        private readonly System.Text.Decoder _decoder = Encoding.UTF8.GetDecoder();

        public ReadOnlySpan<char> Append(int tokenId)
        {
            (byte[] bytes, bool isHidden) = tokenId < 256 ? ([(byte)tokenId], false) : codec._added[tokenId - 256];
            return isHidden ? [] : Decode(bytes, flush: false);
        }

        public ReadOnlySpan<char> Flush() => Decode([], flush: true);

        private char[] Decode(byte[] bytes, bool flush)
        {
            char[] characters = new char[_decoder.GetCharCount(bytes, flush)];
            _decoder.GetChars(bytes, characters, flush);
            return characters;
        }
    }
}
