namespace KvScheduling;

/// <summary>A submitted request: its tokens as they come, then its result. One reader.</summary>
public sealed class Generation : IAsyncEnumerable<GeneratedToken>, IAsyncDisposable
{
    private readonly IGenerationSource _source;

    internal Generation(IGenerationSource source) => _source = source;

    /// <summary>The request's id, as in logs and traces.</summary>
    public string Id => _source.Id;

    /// <summary>What came out, after the last token was read.</summary>
    /// <exception cref="InvalidOperationException">The request has not completed.</exception>
    public GenerationResult Result => _source.Result ?? throw new InvalidOperationException("The generation has not completed; read it to its end first.");

    /// <summary>Takes the next token if one is there.</summary>
    /// <param name="token">The token.</param>
    /// <returns>Whether there was one.</returns>
    public bool TryRead(out GeneratedToken token) => _source.Stream.TryRead(out token);

    /// <summary>Waits for the next token.</summary>
    /// <returns><see langword="true"/> when a token can be read, <see langword="false"/> after the last.</returns>
    /// <exception cref="OperationCanceledException">The request was cancelled.</exception>
    /// <exception cref="SchedulingRejectedException">The request was refused while it waited in the line.</exception>
    /// <exception cref="EngineFaultException">The engine failed on this request.</exception>
    public ValueTask<bool> WaitToReadAsync() => _source.Stream.WaitToReadAsync();

    /// <summary>Reads to the end.</summary>
    /// <returns>What came out.</returns>
    /// <exception cref="OperationCanceledException">The request was cancelled.</exception>
    /// <exception cref="SchedulingRejectedException">The request was refused while it waited in the line.</exception>
    /// <exception cref="EngineFaultException">The engine failed on this request.</exception>
    public async Task<GenerationResult> CompleteAsync()
    {
        await _source.Stream.WaitForEndAsync().ConfigureAwait(false);
        return Result;
    }

    /// <summary>Ends the request for its caller. Nothing happens when it has ended.</summary>
    public void Cancel() => _source.Cancel();

    /// <summary>Ends the request as complete: its reader has all it needs, for example because the text of a stop sequence has come.</summary>
    /// <remarks>Unlike <see cref="Cancel"/> the request counts as completed: read it to its end and <see cref="Result"/> tells what was generated. Nothing happens when it has ended.</remarks>
    public void Finish() => _source.Finish();

    /// <summary>The tokens as they come.</summary>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>The tokens.</returns>
    public async IAsyncEnumerator<GeneratedToken> GetAsyncEnumerator(CancellationToken cancellationToken = default)
    {
        using CancellationTokenRegistration registration = cancellationToken.UnsafeRegister(static state => ((Generation)state!).Cancel(), this);
        while (await WaitToReadAsync().ConfigureAwait(false))
        {
            while (TryRead(out GeneratedToken token))
            {
                yield return token;
            }
        }
    }

    /// <summary>Cancels the request when it has not ended.</summary>
    /// <returns>A completed task.</returns>
    public ValueTask DisposeAsync()
    {
        Cancel();
        return default;
    }
}

/// <summary>The loop's side of a <see cref="Generation"/>.</summary>
internal interface IGenerationSource
{
    string Id { get; }

    TokenStream Stream { get; }

    /// <summary>Set before the stream ends, when the request completed.</summary>
    GenerationResult? Result { get; }

    void Cancel();

    /// <summary>Ends the request as completed with what was generated so far. A source that knows no such end cancels, and has no result then.</summary>
    void Finish() => Cancel();
}
