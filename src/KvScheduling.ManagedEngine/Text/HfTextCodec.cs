namespace KvScheduling.ManagedEngine;

/// <summary>The text side of a model folder: <c>tokenizer.json</c> and the chat template. Thread-safe.</summary>
internal sealed class HfTextCodec : ITextCodec
{
    private readonly TokenizerModel _tokenizer;

    private HfTextCodec(TokenizerModel tokenizer, string? template)
    {
        _tokenizer = tokenizer;
        ChatTemplate = template;
    }

    public string? ChatTemplate { get; }

    /// <summary>Opens the text side of a folder; <see langword="null"/> when the folder has none.</summary>
    /// <param name="folder">The model folder.</param>
    /// <param name="chatTemplateOverride">A chat template to use in place of the folder's own.</param>
    /// <param name="timeProvider">The clock of templates that write the date.</param>
    public static HfTextCodec? Open(string folder, string? chatTemplateOverride, TimeProvider timeProvider)
    {
        string path = Path.Combine(folder, TokenizerFile.FileName);
        return File.Exists(path) ? new HfTextCodec(TokenizerFile.Read(path), chatTemplateOverride) : null;
    }

    public string ApplyChatTemplate(string messagesJson, string? toolsJson, bool addGenerationPrompt) => throw new NotSupportedException();

    public int[] Encode(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return [.. _tokenizer.Encode(text)];
    }

    public ITokenDecoder CreateDecoder() => new HfTokenDecoder(_tokenizer);
}
