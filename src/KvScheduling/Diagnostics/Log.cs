using Microsoft.Extensions.Logging;

namespace KvScheduling;

/// <summary>Everything the library logs. Ids are stable; prompts and outputs never appear.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "{Instance}: engine {Engine} with model {Model} is ready; KV budget {KvBudget} tokens in blocks of {BlockTokens}, policy {Policy}.")]
    public static partial void EngineReady(this ILogger logger, string instance, string engine, string model, long kvBudget, int blockTokens, string policy);

    [LoggerMessage(2, LogLevel.Error, "{Instance}: the engine could not be built.")]
    public static partial void EngineNotBuilt(this ILogger logger, Exception error, string instance);

    [LoggerMessage(3, LogLevel.Error, "{Instance}: the engine was lost; it is built again and its requests go on with the tokens they have.")]
    public static partial void EngineLost(this ILogger logger, Exception error, string instance);

    [LoggerMessage(4, LogLevel.Warning, "{Instance}: the engine runs again.")]
    public static partial void EngineRestarted(this ILogger logger, string instance);

    [LoggerMessage(5, LogLevel.Error, "{Instance}: an engine call has not returned for {Limit}; the engine is given up.")]
    public static partial void EngineHung(this ILogger logger, string instance, TimeSpan limit);

    [LoggerMessage(6, LogLevel.Warning, "{Instance}: a lost engine could not be disposed.")]
    public static partial void EngineNotDisposed(this ILogger logger, Exception error, string instance);

    [LoggerMessage(7, LogLevel.Warning, "{Instance}: a step failed; its requests are tried again, one at a time.")]
    public static partial void StepFailed(this ILogger logger, Exception error, string instance);

    [LoggerMessage(8, LogLevel.Critical, "{Instance}: the scheduler failed; every request is ended and none is taken.")]
    public static partial void LoopFaulted(this ILogger logger, Exception error, string instance);

    [LoggerMessage(9, LogLevel.Debug, "{Instance}: {Request} {Reason} ({PromptTokens} prompt, {GeneratedTokens} generated, {EstimatedOutputTokens} of {MaxOutputTokens} expected).")]
    public static partial void Decision(
        this ILogger logger, string instance, string request, DecisionReason reason, int promptTokens, int generatedTokens, int estimatedOutputTokens, int maxOutputTokens);

    [LoggerMessage(10, LogLevel.Information, "{Instance}: {Count} requests were refused ({Reason}) since the last such line.")]
    public static partial void Refused(this ILogger logger, string instance, long count, SchedulingRejection reason);

    [LoggerMessage(12, LogLevel.Warning, "{Instance}: the decision log is incomplete from here on: {Reason}.")]
    public static partial void DecisionLogIncomplete(this ILogger logger, Exception? error, string instance, string reason);

    [LoggerMessage(11, LogLevel.Information, "{Instance}: the policy goes from {Before} to {After}, with {Waiting} requests waiting and {Running} running.")]
    public static partial void RegimeSwitched(this ILogger logger, string instance, SchedulingRegime before, SchedulingRegime after, int waiting, int running);
}
