using Microsoft.Extensions.AI;

namespace KvScheduling;

/// <summary>One answer while it is generated, update by update.</summary>
internal sealed class ChatTurn : IAsyncDisposable
{
    private readonly Generation _generation;
    private readonly AnswerReader _answer;
    private readonly int _promptTokens;
    private readonly string _modelId;
    private readonly DateTimeOffset _createdAt;
    private int _tokensRead;

    /// <param name="generation">The submitted request.</param>
    /// <param name="answer">Reads its tokens.</param>
    /// <param name="promptTokens">The length of its prompt.</param>
    /// <param name="modelId">The model that answers.</param>
    /// <param name="createdAt">When the answer began.</param>
    public ChatTurn(Generation generation, AnswerReader answer, int promptTokens, string modelId, DateTimeOffset createdAt)
    {
        _generation = generation;
        _answer = answer;
        _promptTokens = promptTokens;
        _modelId = modelId;
        _createdAt = createdAt;
    }

    /// <summary>Waits for more of the answer and takes in all there is.</summary>
    /// <returns>Whether there was more.</returns>
    public async ValueTask<bool> MoveNextAsync()
    {
        if (_answer.IsComplete || !await _generation.WaitToReadAsync().ConfigureAwait(false))
        {
            return false;
        }

        while (!_answer.IsComplete && _generation.TryRead(out GeneratedToken token))
        {
            _tokensRead++;
            _answer.Append(token.TokenId);
        }

        if (_answer.IsComplete)
        {
            _generation.Finish();
        }

        return true;
    }

    /// <summary>What came since the last update; <see langword="null"/> when all of it is held back or nothing came.</summary>
    public ChatResponseUpdate? TakeUpdate() => _answer.Take() is { Count: > 0 } contents ? CreateMessageUpdate(contents) : null;

    /// <summary>Ends the answer: the rest of its contents with the finish reason, then usage and report.</summary>
    /// <param name="cancellationToken">The caller's token.</param>
    public async ValueTask<(ChatResponseUpdate Last, ChatResponseUpdate Summary)> CompleteAsync(CancellationToken cancellationToken)
    {
        bool isCutShort = _answer.IsComplete;
        _answer.End();
        GenerationResult? result = await ReadResultAsync(isCutShort, cancellationToken).ConfigureAwait(false);
        ChatResponseUpdate last = CreateMessageUpdate(_answer.Take());
        last.FinishReason = result?.FinishReason == GenerationFinishReason.Length && !isCutShort ? ChatFinishReason.Length
            : _answer.HasCalls ? ChatFinishReason.ToolCalls
            : ChatFinishReason.Stop;
        return (last, CreateSummary(result?.Report));
    }

    public ValueTask DisposeAsync() => _generation.DisposeAsync();

    private async ValueTask<GenerationResult?> ReadResultAsync(bool isCutShort, CancellationToken cancellationToken)
    {
        try
        {
            return await _generation.CompleteAsync().ConfigureAwait(false);
        }
        catch (Exception exception) when (
            isCutShort && !cancellationToken.IsCancellationRequested && exception is (OperationCanceledException or EngineFaultException))
        {
            // The answer was whole before this happened; only its report is lost.
            return null;
        }
    }

    private ChatResponseUpdate CreateMessageUpdate(IList<AIContent> contents)
    {
        ChatResponseUpdate update = CreateUpdate(contents);
        update.MessageId = _generation.Id;
        return update;
    }

    /// <summary>Without a message id, so that the properties go to the response and not to its message.</summary>
    private ChatResponseUpdate CreateSummary(SchedulingReport? report)
    {
        int outputTokens = report?.OutputTokens ?? _tokensRead;
        UsageDetails usage = new()
        {
            InputTokenCount = _promptTokens,
            OutputTokenCount = outputTokens,
            TotalTokenCount = (long)_promptTokens + outputTokens,
            CachedInputTokenCount = report?.CachedTokens,
        };
        ChatResponseUpdate update = CreateUpdate([new UsageContent(usage)]);
        if (report is not null)
        {
            update.AdditionalProperties = new AdditionalPropertiesDictionary { [ChatPropertyNames.Report] = report };
        }

        return update;
    }

    private ChatResponseUpdate CreateUpdate(IList<AIContent> contents) => new(ChatRole.Assistant, contents)
    {
        ResponseId = _generation.Id,
        CreatedAt = _createdAt,
        ModelId = _modelId,
    };
}
