namespace KvScheduling;

/// <summary>Why a request was refused.</summary>
public enum SchedulingRejection
{
    /// <summary>The line holds as many requests or tokens as it may; try again later.</summary>
    QueueFull,

    /// <summary>The prompt and its limit can never fit the model's context or the KV budget; trying again is of no use.</summary>
    TooLong,

    /// <summary>The answer can't be complete by the request's deadline, or the request waited longer than <see cref="KvSchedulingOptions.QueueTimeout"/>.</summary>
    DeadlineUnreachable,

    /// <summary>The scheduler drains before it stops.</summary>
    ShuttingDown,

    /// <summary>The engine failed and could not be brought back.</summary>
    EngineFaulted,
}
