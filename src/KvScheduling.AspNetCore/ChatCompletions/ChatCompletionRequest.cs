using Microsoft.Extensions.AI;

namespace KvScheduling.AspNetCore;

/// <summary>A chat completion as it was asked for.</summary>
internal sealed record ChatCompletionRequest
{
    /// <summary>The model the caller named, or null.</summary>
    public string? Model { get; init; }

    public required IReadOnlyList<ChatMessage> Messages { get; init; }

    public required ChatOptions Options { get; init; }

    public bool Stream { get; init; }

    /// <summary>Whether a stream ends with a usage chunk.</summary>
    public bool IncludeUsage { get; init; }

    /// <summary>The field that asks for the most: what an engine most likely means when it refuses a request as not supported.</summary>
    public string MostDemandingField =>
        Options.ResponseFormat is ChatResponseFormatJson ? "response_format"
        : Options.FrequencyPenalty is not (null or 0) ? "frequency_penalty"
        : Options.PresencePenalty is not (null or 0) ? "presence_penalty"
        : Options.ToolMode is RequiredChatToolMode ? "tool_choice"
        : Options.Tools is { Count: > 0 } ? "tools"
        : "messages";
}
