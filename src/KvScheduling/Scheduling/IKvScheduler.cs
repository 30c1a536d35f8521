namespace KvScheduling;

/// <summary>The token-level door of a scheduler. Thread-safe.</summary>
public interface IKvScheduler
{
    /// <summary>Builds the engine and starts the loop. Done by the host, or by the first call that needs it; later calls do nothing.</summary>
    /// <param name="cancellationToken">Ends the waiting, not the start.</param>
    /// <returns>A task that ends when requests can run, or fails with what kept the engine from being built.</returns>
    Task StartAsync(CancellationToken cancellationToken = default);

    /// <summary>What the engine behind the scheduler is and can do.</summary>
    /// <exception cref="InvalidOperationException">The scheduler has not started.</exception>
    EngineDescription Engine { get; }

    /// <summary>Text to tokens and back for the engine's model; <see langword="null"/> when the engine has no text side.</summary>
    /// <exception cref="InvalidOperationException">The scheduler has not started.</exception>
    ITextCodec? TextCodec { get; }

    /// <summary>Takes a place in the line before the prompt is known.</summary>
    /// <returns>The place.</returns>
    /// <exception cref="SchedulingRejectedException">The line is full, the scheduler stops, or its engine is lost.</exception>
    QueuePlace Reserve();

    /// <summary>Puts a request into the line.</summary>
    /// <param name="request">The request.</param>
    /// <param name="place">A place from <see cref="Reserve"/>, which the request takes over; <see langword="null"/> to take one now. When this throws, the place is given back.</param>
    /// <param name="cancellationToken">Ends the request: while it waits it never reaches the engine; while it runs its KV is free within one step.</param>
    /// <returns>The running generation. Dispose it, or read it to its end.</returns>
    /// <exception cref="SchedulingRejectedException">The request was refused at the door.</exception>
    /// <exception cref="ArgumentException">The request itself is wrong: an empty prompt, a token id outside the vocabulary, a limit below 1, sampling settings out of range.</exception>
    /// <exception cref="NotSupportedException">The request has a constraint or penalties that the engine can't obey.</exception>
    Generation Submit(GenerationRequest request, QueuePlace? place = null, CancellationToken cancellationToken = default);

    /// <summary>Drains a backlog: puts its requests into the line as room comes free, never refused for a full line, and yields results as they finish.</summary>
    /// <param name="backlog">The requests; taken only as far ahead as the line has room.</param>
    /// <param name="progress">Told after each result.</param>
    /// <param name="cancellationToken">Ends all of it: the next move of the reader throws, and what is left neither runs nor has a result.</param>
    /// <returns>One result per request, in order of completion.</returns>
    /// <exception cref="OperationCanceledException">While it is enumerated: it was cancelled.</exception>
    IAsyncEnumerable<BacklogResult> DrainAsync(IAsyncEnumerable<GenerationRequest> backlog, IProgress<BacklogProgress>? progress = null, CancellationToken cancellationToken = default);

    /// <summary>What the scheduler does right now: cheap, consistent, immutable.</summary>
    /// <returns>The state after the latest step.</returns>
    SchedulerSnapshot GetSnapshot();
}
