using Microsoft.Extensions.AI;

namespace KvScheduling;

/// <summary>Turns chat options into a request: checks them, copies them, and refuses what can't be honoured. Options are never changed.</summary>
internal static class ChatOptionsReader
{
    /// <param name="options">The caller's options.</param>
    /// <param name="client">The client, for <see cref="ChatOptions.RawRepresentationFactory"/>.</param>
    /// <param name="defaultFormat">The syntax of tool calls when the options do not say.</param>
    /// <exception cref="ArgumentException">An option is out of its range; <see cref="ArgumentException.ParamName"/> is its name or key.</exception>
    /// <exception cref="NotSupportedException">An option asks for what this client can't do.</exception>
    public static ChatRequest Read(ChatOptions? options, IChatClient client, ToolCallFormat defaultFormat)
    {
        if (options is null)
        {
            return new ChatRequest { Settings = new GenerationRequest { PromptTokens = default }, ToolCallFormat = defaultFormat };
        }

        RefuseWhatIsNotSupported(options);
        GenerationRequest raw = ReadRaw(options, client);
        List<AIFunctionDeclaration> tools = ReadTools(options);
        RequiredChatToolMode? required = options.ToolMode as RequiredChatToolMode;
        OutputConstraint? constraint = raw.Constraint ?? ReadResponseFormat(options.ResponseFormat);
        if (constraint is not null && tools.Count > 0)
        {
            throw new NotSupportedException(
                "Output that must follow a JSON schema can't hold a tool call: "
                + "ask for tools and for JSON in two requests, or set ChatOptions.ToolMode to None.");
        }

        return new ChatRequest
        {
            Settings = new GenerationRequest
            {
                PromptTokens = default,
                MaxOutputTokens = raw.MaxOutputTokens ?? ReadMaxOutputTokens(options),
                Sampling = raw.Sampling != SamplingSettings.Greedy ? raw.Sampling : SamplingReader.Read(options),
                Hints = SchedulingHintsReader.Read(options.AdditionalProperties, raw.Hints),
                StopTokens = [.. raw.StopTokens],
                IgnoreEndTokens = raw.IgnoreEndTokens,
                Constraint = constraint,
            },
            Instructions = string.IsNullOrEmpty(options.Instructions) ? null : options.Instructions,
            Tools = tools,
            RequiresCall = required is not null,
            RequiredTool = ReadRequiredTool(required, tools),
            MaxCalls = options.AllowMultipleToolCalls == false ? 1 : int.MaxValue,
            ToolCallFormat = ReadToolCallFormat(options, defaultFormat),
            StopSequences = ReadStopSequences(options),
        };
    }

    private static void RefuseWhatIsNotSupported(ChatOptions options)
    {
        if (options.ConversationId is not null)
        {
            throw new NotSupportedException(
                "No conversation is kept between requests, so ChatOptions.ConversationId can't be honoured: send the whole history. "
                + "Its KV is reused where the engine shares prefixes.");
        }

        if (options.ContinuationToken is not null)
        {
            throw new NotSupportedException("No response runs in the background, so there is none to continue: leave ChatOptions.ContinuationToken unset.");
        }
    }

    private static GenerationRequest ReadRaw(ChatOptions options, IChatClient client)
    {
        if (options.RawRepresentationFactory?.Invoke(client) is not GenerationRequest raw)
        {
            return new GenerationRequest { PromptTokens = default };
        }

        return raw.PromptTokens.IsEmpty
            ? raw
            : throw Wrong(
                nameof(ChatOptions.RawRepresentationFactory),
                "gave a request with prompt tokens, but the prompt is made of the messages: leave PromptTokens empty, or submit the request to IKvScheduler");
    }

    private static int? ReadMaxOutputTokens(ChatOptions options) => options.MaxOutputTokens is < 1
        ? throw Wrong(nameof(ChatOptions.MaxOutputTokens), $"is {options.MaxOutputTokens}; it must be at least 1")
        : options.MaxOutputTokens;

    private static string[] ReadStopSequences(ChatOptions options)
    {
        string[] sequences = [.. options.StopSequences ?? []];
        return Array.TrueForAll(sequences, static sequence => !string.IsNullOrEmpty(sequence))
            ? sequences
            : throw Wrong(nameof(ChatOptions.StopSequences), "holds an empty sequence, which would end every answer before it begins");
    }

    private static List<AIFunctionDeclaration> ReadTools(ChatOptions options)
    {
        List<AIFunctionDeclaration> functions = [];
        if (options.ToolMode is NoneChatToolMode || options.Tools is null)
        {
            return functions;
        }

        foreach (AITool tool in options.Tools)
        {
            functions.Add(tool as AIFunctionDeclaration ?? throw new NotSupportedException(
                $"The tool '{tool?.Name}' ({tool?.GetType().Name ?? "null"}) is run by a hosting service; "
                + $"a model in this process can only be offered functions ({nameof(AIFunctionDeclaration)})."));
        }

        return functions;
    }

    private static string? ReadRequiredTool(RequiredChatToolMode? required, List<AIFunctionDeclaration> tools)
    {
        if (required is null)
        {
            return null;
        }

        if (tools.Count == 0)
        {
            throw Wrong(nameof(ChatOptions.ToolMode), "requires a tool call, but ChatOptions.Tools offers no tool");
        }

        string? name = required.RequiredFunctionName ?? (tools.Count == 1 ? tools[0].Name : null);
        return name is null || tools.Exists(tool => tool.Name == name)
            ? name
            : throw Wrong(nameof(ChatOptions.ToolMode), $"requires the tool '{name}', which ChatOptions.Tools does not offer");
    }

    private static ToolCallFormat ReadToolCallFormat(ChatOptions options, ToolCallFormat defaultFormat) =>
        options.AdditionalProperties is { } properties
            ? ScalarProperties.ReadEnum<ToolCallFormat>(properties, ChatPropertyNames.ToolCallFormat) ?? defaultFormat
            : defaultFormat;

    private static OutputConstraint? ReadResponseFormat(ChatResponseFormat? format) =>
        format is ChatResponseFormatJson json
            ? new OutputConstraint(OutputConstraintKind.JsonSchema, json.Schema?.GetRawText() ?? "{}")
            : null;

    private static ArgumentException Wrong(string option, string problem) => new($"ChatOptions.{option} {problem}.", option);
}
