namespace KvScheduling;

/// <summary>How a request ended.</summary>
internal readonly record struct RequestEnd
{
    public required RequestState State { get; init; }

    /// <summary>For <see cref="RequestState.Completed"/>.</summary>
    public GenerationFinishReason FinishReason { get; init; }

    /// <summary>For <see cref="RequestState.Rejected"/>.</summary>
    public SchedulingRejection Rejection { get; init; }

    /// <summary>For <see cref="RequestState.Rejected"/>: the limit that refused it, in words.</summary>
    public string? Message { get; init; }

    /// <summary>For <see cref="RequestState.Failed"/> and <see cref="SchedulingRejection.EngineFaulted"/>.</summary>
    public Exception? Error { get; init; }

    public static RequestEnd Completed(GenerationFinishReason reason) => new() { State = RequestState.Completed, FinishReason = reason };

    public static RequestEnd Cancelled { get; } = new() { State = RequestState.Cancelled };

    public static RequestEnd Rejected(SchedulingRejection reason, string message, Exception? error = null) =>
        new() { State = RequestState.Rejected, Rejection = reason, Message = message, Error = error };

    public static RequestEnd Failed(Exception error) => new() { State = RequestState.Failed, Error = error };
}
