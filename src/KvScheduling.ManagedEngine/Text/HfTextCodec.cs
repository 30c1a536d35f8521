namespace KvScheduling.ManagedEngine;

/// <summary>The text side of a model folder: <c>tokenizer.json</c> and the chat template. Thread-safe.</summary>
internal sealed class HfTextCodec : ITextCodec
{
    private readonly TokenizerModel _tokenizer;
    private readonly ChatTemplate? _template;

    public HfTextCodec(TokenizerModel tokenizer, ChatTemplate? template)
    {
        _tokenizer = tokenizer;
        _template = template;
    }

    public string? ChatTemplate => _template?.Text;

    /// <summary>Opens the text side of a folder; <see langword="null"/> when the folder has none.</summary>
    /// <param name="folder">The model folder.</param>
    /// <param name="chatTemplateOverride">A chat template to use in place of the folder's own.</param>
    /// <param name="timeProvider">The clock of templates that write the date.</param>
    /// <exception cref="ModelFolderException">A file is damaged or needs something that is not supported.</exception>
    /// <exception cref="NotSupportedException">The chat template needs something that is not supported.</exception>
    public static HfTextCodec? Open(string folder, string? chatTemplateOverride, TimeProvider timeProvider)
    {
        string path = Path.Combine(folder, TokenizerFile.FileName);
        return File.Exists(path) ? new HfTextCodec(TokenizerFile.Read(path), ChatTemplateFile.Open(folder, chatTemplateOverride, timeProvider)) : null;
    }

    public string ApplyChatTemplate(string messagesJson, string? toolsJson, bool addGenerationPrompt)
    {
        ArgumentNullException.ThrowIfNull(messagesJson);
        return (_template ?? throw new NotSupportedException("The model folder has no chat template. Give the engine one: option ChatTemplateOverride."))
            .Render(messagesJson, toolsJson, addGenerationPrompt);
    }

    public int[] Encode(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return [.. _tokenizer.Encode(text)];
    }

    public ITokenDecoder CreateDecoder() => new HfTokenDecoder(_tokenizer);
}
