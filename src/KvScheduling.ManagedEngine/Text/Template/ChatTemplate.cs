namespace KvScheduling.ManagedEngine;

/// <summary>A compiled chat template. Immutable and thread-safe.</summary>
internal sealed class ChatTemplate
{
    private readonly JinjaSource _source;
    private readonly JinjaBody _body;
    private readonly JinjaScope _globals;
    private readonly TimeProvider _timeProvider;

    /// <summary>Compiles a template.</summary>
    /// <param name="name">Its name, for messages.</param>
    /// <param name="text">Its text.</param>
    /// <param name="specialTokens">Special tokens by the names templates have for them: <c>bos_token</c>, <c>eos_token</c>.</param>
    /// <param name="timeProvider">The clock of <c>strftime_now</c>.</param>
    /// <exception cref="NotSupportedException">The template uses something that is not supported; the message names it, its line and the way out.</exception>
    public ChatTemplate(string name, string text, IReadOnlyDictionary<string, string> specialTokens, TimeProvider timeProvider)
    {
        Text = text;
        _source = JinjaSource.Create(name, text);
        _body = JinjaParser.Parse(_source);
        _timeProvider = timeProvider;
        _globals = new JinjaScope(null);
        JinjaGlobals.AddTo(_globals);
        foreach ((string token, string value) in specialTokens)
        {
            _globals.Set(token, value);
        }
    }

    /// <summary>The template as it was given.</summary>
    public string Text { get; }

    /// <summary>Renders a conversation.</summary>
    /// <param name="messagesJson">A JSON array of messages.</param>
    /// <param name="toolsJson">A JSON array of tools, or <see langword="null"/>.</param>
    /// <param name="addGenerationPrompt">Whether the text ends where the answer begins.</param>
    /// <exception cref="ArgumentException">The JSON is no array, or the template does not take this conversation; the message says why.</exception>
    /// <exception cref="NotSupportedException">The template uses something that is not supported.</exception>
    public string Render(string messagesJson, string? toolsJson, bool addGenerationPrompt)
    {
        var scope = new JinjaScope(_globals);
        scope.Set("messages", ChatMessages.Read(messagesJson));
        scope.Set("tools", toolsJson is null ? null : ChatMessages.ReadArray(toolsJson, nameof(toolsJson)));
        scope.Set("documents", null);
        scope.Set("add_generation_prompt", addGenerationPrompt);
        var context = new JinjaContext(_source, _timeProvider, scope);
        try
        {
            _body.Execute(context);
        }
        catch (JinjaRefusalException refusal)
        {
            throw new ArgumentException($"The chat template {_source.Name} refuses the conversation: {refusal.Message}", nameof(messagesJson), refusal);
        }
        catch (Exception failure) when (failure is JinjaException or OverflowException)
        {
            throw new ArgumentException(
                $"The chat template {_source.Name} does not take this conversation: in line {context.Line}, {failure.Message}",
                nameof(messagesJson), failure);
        }

        return context.Output.ToString();
    }
}
