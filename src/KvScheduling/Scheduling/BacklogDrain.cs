using System.Threading.Channels;

namespace KvScheduling;

/// <summary>One run of a backlog through the line: a pump that submits as room comes free, and a waiter per request in the line. No threads are held.</summary>
internal sealed class BacklogDrain : IAsyncDisposable
{
    private readonly KvScheduler _scheduler;
    private readonly IProgress<BacklogProgress>? _progress;
    private readonly CancellationToken _readerCancellation;
    private readonly CancellationTokenSource _cancellation;
    private readonly Channel<BacklogResult> _results = Channel.CreateUnbounded<BacklogResult>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Lock _gate = new();
    private readonly Task _pump;
    private BacklogProgress _state;
    private Exception? _failure;
    private int _open = 1;

    public BacklogDrain(KvScheduler scheduler, IAsyncEnumerable<GenerationRequest> backlog, IProgress<BacklogProgress>? progress, CancellationToken cancellationToken)
    {
        _scheduler = scheduler;
        _progress = progress;
        _readerCancellation = cancellationToken;
        _cancellation = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _pump = PumpAsync(backlog, _cancellation.Token);
    }

    /// <summary>The results as they come. Once the reader's token is cancelled there is no next one.</summary>
    public async IAsyncEnumerable<BacklogResult> ReadAsync()
    {
        await foreach (BacklogResult result in _results.Reader.ReadAllAsync(_readerCancellation).ConfigureAwait(false))
        {
            _readerCancellation.ThrowIfCancellationRequested();
            yield return result;
        }

        // Requests that were cancelled have no result: their line may come to its end before the reader sees why.
        _readerCancellation.ThrowIfCancellationRequested();
    }

    /// <summary>Ends what is left, when the reader went away early.</summary>
    public async ValueTask DisposeAsync()
    {
        await _cancellation.CancelAsync().ConfigureAwait(false);
        await _pump.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _cancellation.Dispose();
    }

    private async Task PumpAsync(IAsyncEnumerable<GenerationRequest> backlog, CancellationToken cancellationToken)
    {
        Exception? failure = null;
        try
        {
            int index = 0;
            await foreach (GenerationRequest request in backlog.WithCancellation(cancellationToken).ConfigureAwait(false))
            {
                QueuePlace place = await _scheduler.ReserveWhenFreeAsync(request.PromptTokens.Length, cancellationToken).ConfigureAwait(false);
                Start(index++, request, place, cancellationToken);
            }
        }
#pragma warning disable CA1031 // Told to the reader behind the results that are still to come.
        catch (Exception error)
#pragma warning restore CA1031
        {
            failure = cancellationToken.IsCancellationRequested ? null : error;
        }

        Close(failure);
    }

    private void Start(int index, GenerationRequest request, QueuePlace place, CancellationToken cancellationToken)
    {
        Generation? generation = null;
        Exception? refusal = null;
        try
        {
            generation = _scheduler.Submit(request, place, cancellationToken);
        }
        catch (Exception error) when (error is SchedulingRejectedException or ArgumentException or NotSupportedException)
        {
            refusal = error;
        }

        Interlocked.Increment(ref _open);
        lock (_gate)
        {
            _state = _state with { Taken = _state.Taken + 1 };
        }

        if (generation is null)
        {
            Report(new BacklogResult(index, null, refusal));
        }
        else
        {
            _ = WaitAsync(index, generation);
        }
    }

    private async Task WaitAsync(int index, Generation generation)
    {
        try
        {
            GenerationResult result = await generation.CompleteAsync().ConfigureAwait(false);
            Report(new BacklogResult(index, result, null));
        }
        catch (OperationCanceledException) when (_cancellation.IsCancellationRequested)
        {
            // Nobody reads any more.
            Close(null);
        }
#pragma warning disable CA1031 // One request's failure is a result; the others go on.
        catch (Exception error)
#pragma warning restore CA1031
        {
            Report(new BacklogResult(index, null, error));
        }
    }

    private void Report(BacklogResult result)
    {
        lock (_gate)
        {
            _state = result.Result is { } done
                ? _state with { Completed = _state.Completed + 1, OutputTokens = _state.OutputTokens + done.OutputTokens.Length }
                : _state with { Failed = _state.Failed + 1 };
            _results.Writer.TryWrite(result);

            // Under the lock, so that progress never goes backwards.
            _progress?.Report(_state);
        }

        Close(null);
    }

    private void Close(Exception? failure)
    {
        _failure ??= failure;
        if (Interlocked.Decrement(ref _open) == 0)
        {
            _results.Writer.TryComplete(_failure);
        }
    }
}
