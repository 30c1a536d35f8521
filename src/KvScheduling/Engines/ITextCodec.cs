namespace KvScheduling;

/// <summary>Text to tokens and back for one model. Thread-safe.</summary>
public interface ITextCodec
{
    /// <summary>The model's chat template as it stands in its folder; <see langword="null"/> when it has none. The tool-call syntax is picked by it.</summary>
    string? ChatTemplate { get; }

    /// <summary>Renders a conversation by the model's chat template.</summary>
    /// <param name="messagesJson">A JSON array of messages in OpenAI's shape: <c>role</c>, <c>content</c> (a string), <c>name</c>, <c>tool_calls</c>, <c>tool_call_id</c>.</param>
    /// <param name="toolsJson">A JSON array of tools in OpenAI's shape, or <see langword="null"/>.</param>
    /// <param name="addGenerationPrompt">Whether the text ends where the assistant's answer begins.</param>
    /// <returns>The prompt's text, special tokens written out.</returns>
    /// <exception cref="NotSupportedException">The template needs something that is not supported; the message names it and the way out.</exception>
    string ApplyChatTemplate(string messagesJson, string? toolsJson, bool addGenerationPrompt);

    /// <summary>Tokenizes text in which special tokens may be written out.</summary>
    /// <param name="text">The text.</param>
    /// <returns>The token ids, with nothing added before or after.</returns>
    int[] Encode(string text);

    /// <summary>Creates a decoder for one output.</summary>
    /// <returns>A decoder at the start of an output; not thread-safe.</returns>
    ITokenDecoder CreateDecoder();
}

/// <summary>Turns the tokens of one output into text as they come. Never cuts a character.</summary>
public interface ITokenDecoder
{
    /// <summary>Takes one token.</summary>
    /// <param name="tokenId">The token.</param>
    /// <returns>The text that became complete, often empty; valid until the next call. Special tokens that the model hides give nothing.</returns>
    ReadOnlySpan<char> Append(int tokenId);

    /// <summary>Ends the output.</summary>
    /// <returns>What was still incomplete, with U+FFFD in place of broken bytes; valid until the next call.</returns>
    ReadOnlySpan<char> Flush();
}
