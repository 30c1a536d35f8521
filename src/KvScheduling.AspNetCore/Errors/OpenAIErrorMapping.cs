using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace KvScheduling.AspNetCore;

/// <summary>Which error a caller is told for an exception.</summary>
internal static class OpenAIErrorMapping
{
    private const string InvalidRequest = "invalid_request_error";
    private const string Unavailable = "service_unavailable_error";

    /// <summary>For refusals that carry no estimate of their own.</summary>
    private const int QueueFullRetrySeconds = 1;
    private const int UnavailableRetrySeconds = 5;

    /// <summary>Maps an exception. What is not known to be the caller's or the scheduler's doing tells nothing of its inside.</summary>
    /// <param name="exception">The exception.</param>
    /// <param name="request">The request, once it was read: tells which of its fields an engine's refusal is about.</param>
    /// <param name="answering">Whether a part of the answer was sent: what goes wrong from then on is not for what the request says.</param>
    public static OpenAIError Map(Exception exception, ChatCompletionRequest? request, bool answering = false) => exception switch
    {
        InvalidRequestException invalid => new OpenAIError(invalid.Status, InvalidRequest, invalid.Message, invalid.Param, invalid.Code),
        JsonException json => new OpenAIError(400, InvalidRequest, DescribePosition(json), Code: "invalid_json"),
        BadHttpRequestException bad => new OpenAIError(bad.StatusCode, InvalidRequest, bad.Message),
        SchedulingRejectedException rejected => MapRejection(rejected),
        NotSupportedException when !answering =>
            new OpenAIError(400, InvalidRequest, exception.Message, request?.MostDemandingField, "unsupported_value"),
        ArgumentException argument when !answering => new OpenAIError(400, InvalidRequest, argument.Message, ToField(argument.ParamName)),
        EngineFaultException => new OpenAIError(500, "server_error", "The engine failed on this request.", Code: "engine_fault"),
        OperationCanceledException =>
            new OpenAIError(503, Unavailable, "The server ended the request.", Code: "cancelled", RetryAfterSeconds: UnavailableRetrySeconds),
        _ => new OpenAIError(500, "server_error", "The server had an error while processing the request.", Code: "internal_error"),
    };

    /// <summary>Whether an operator needs to hear of it.</summary>
    public static bool IsUnexpected(OpenAIError error) => error.Status == 500;

    private static OpenAIError MapRejection(SchedulingRejectedException rejected) => rejected.Reason switch
    {
        SchedulingRejection.TooLong => new OpenAIError(400, InvalidRequest, rejected.Message, "messages", "context_length_exceeded"),
        SchedulingRejection.QueueFull =>
            new OpenAIError(429, "rate_limit_error", rejected.Message, Code: "queue_full", RetryAfterSeconds: RetryAfter(rejected, QueueFullRetrySeconds)),
        SchedulingRejection.DeadlineUnreachable => new OpenAIError(504, "timeout_error", rejected.Message, Code: "deadline_unreachable"),
        SchedulingRejection.ShuttingDown => MapUnavailable(rejected, "The server is shutting down.", "shutting_down"),
        SchedulingRejection.EngineFaulted => MapUnavailable(rejected, "The engine is not available.", "engine_faulted"),
        _ => MapUnavailable(rejected, rejected.Message, "rejected"),
    };

    private static OpenAIError MapUnavailable(SchedulingRejectedException rejected, string message, string code) =>
        new(503, Unavailable, message, Code: code, RetryAfterSeconds: RetryAfter(rejected, UnavailableRetrySeconds));

    /// <summary>Retry-After counts whole seconds; less than one would invite an immediate retry.</summary>
    private static int RetryAfter(SchedulingRejectedException rejected, int defaultSeconds) =>
        rejected.RetryAfter is TimeSpan after ? (int)Math.Clamp(Math.Ceiling(after.TotalSeconds), 1, int.MaxValue) : defaultSeconds;

    /// <summary>The parser's own message quotes the text at fault; a position is enough to find it.</summary>
    private static string DescribePosition(JsonException json) =>
        json.LineNumber is long line && json.BytePositionInLine is long position
            ? $"The body is not valid JSON: see line {line + 1}, byte {position + 1}."
            : "The body is not valid JSON.";

    private static string? ToField(string? paramName) => paramName switch
    {
        "Temperature" => "temperature",
        "TopP" => "top_p",
        "TopK" => "top_k",
        "Seed" => "seed",
        "FrequencyPenalty" => "frequency_penalty",
        "PresencePenalty" => "presence_penalty",
        "MaxOutputTokens" => "max_completion_tokens",
        "StopSequences" => "stop",
        "Tools" => "tools",
        "ToolMode" => "tool_choice",
        "ResponseFormat" => "response_format",
        "Deadline" => "kv_deadline_ms",
        "ExpectedOutputTokens" => "kv_expected_output_tokens",
        // Whatever is wrong with the prompt as a whole.
        "messages" or "request" => "messages",
        _ => null,
    };
}
