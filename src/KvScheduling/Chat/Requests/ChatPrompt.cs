namespace KvScheduling;

/// <summary>A conversation as the model gets it.</summary>
/// <param name="Tokens">The prompt.</param>
/// <param name="Opening">The beginning of the answer that the prompt already holds, to force a tool call; often empty.</param>
/// <param name="ToolCallFormat">The syntax in which calls are looked for; <see cref="KvScheduling.ToolCallFormat.None"/> when they are not.</param>
/// <param name="Reasoning">Whether the answer may begin with reasoning.</param>
internal sealed record ChatPrompt(int[] Tokens, string Opening, ToolCallFormat ToolCallFormat, ReasoningStart Reasoning)
{
    /// <summary>Renders and tokenizes a conversation.</summary>
    /// <exception cref="ArgumentException">There is no message, or a null one.</exception>
    /// <exception cref="NotSupportedException">The conversation or the tools ask for what the model's template can't express.</exception>
    public static ChatPrompt Create(string messagesJson, ChatRequest request, ITextCodec codec, string modelId)
    {
        ToolCallFormat format = PickFormat(request, codec, modelId);
        string text = codec.ApplyChatTemplate(messagesJson, ToolWriter.Write(request.Tools), addGenerationPrompt: true);
        bool isOpen = text.AsSpan().TrimEnd().EndsWith(ReasoningFilter.Opening);
        if (!request.RequiresCall)
        {
            bool mayReason = codec.ChatTemplate?.Contains(ReasoningFilter.Opening, StringComparison.Ordinal) == true;
            ReasoningStart reasoning = isOpen ? ReasoningStart.Open : mayReason ? ReasoningStart.Tag : ReasoningStart.None;
            return new ChatPrompt(codec.Encode(text), string.Empty, format, reasoning);
        }

        string opening = ToolCallSyntax.Opening(format, request.RequiredTool, codec.ChatTemplate);
        string endOfReasoning = isOpen ? "\n" + ReasoningFilter.Closing + "\n\n" : string.Empty;
        return new ChatPrompt(codec.Encode(text + endOfReasoning + opening), opening, format, ReasoningStart.None);
    }

    private static ToolCallFormat PickFormat(ChatRequest request, ITextCodec codec, string modelId)
    {
        if (request.Tools.Count == 0)
        {
            return ToolCallFormat.None;
        }

        ToolCallFormat format = request.ToolCallFormat != ToolCallFormat.Auto
            ? request.ToolCallFormat
            : ToolCallSyntax.Detect(codec.ChatTemplate) ?? throw new NotSupportedException(
                $"The chat template of '{modelId}' does not tell how the model calls tools. "
                + $"Name the syntax by {nameof(KvSchedulingOptions)}.{nameof(KvSchedulingOptions.ToolCallFormat)} "
                + $"or the additional property '{ChatPropertyNames.ToolCallFormat}', "
                + "use a model that was trained with tools, or offer none.");
        return format != ToolCallFormat.None || !request.RequiresCall
            ? format
            : throw new NotSupportedException("A tool call can't be required while its syntax is None: name the syntax, or let ChatOptions.ToolMode be Auto.");
    }
}

/// <summary>How the reasoning of an answer begins.</summary>
internal enum ReasoningStart
{
    /// <summary>The model is not known to reason; its text is left alone.</summary>
    None,

    /// <summary>With its tag, if at all.</summary>
    Tag,

    /// <summary>At once: the prompt ends with the tag.</summary>
    Open,
}
