namespace KvScheduling;

/// <summary>The scheduler refused a request. No token of it was delivered.</summary>
public sealed class SchedulingRejectedException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="reason">Why the request was refused.</param>
    /// <param name="message">The reason in words, with the limit that refused it and the way out.</param>
    /// <param name="retryAfter">When trying again may help; <see langword="null"/> when it can't.</param>
    /// <param name="innerException">The engine's error, for <see cref="SchedulingRejection.EngineFaulted"/>.</param>
    public SchedulingRejectedException(SchedulingRejection reason, string message, TimeSpan? retryAfter = null, Exception? innerException = null)
        : base(message, innerException)
    {
        Reason = reason;
        RetryAfter = retryAfter;
    }

    /// <summary>Why the request was refused.</summary>
    public SchedulingRejection Reason { get; }

    /// <summary>When trying again may help, from the tokens ahead and the measured speed; <see langword="null"/> when it can't or nothing was measured yet.</summary>
    public TimeSpan? RetryAfter { get; }
}
