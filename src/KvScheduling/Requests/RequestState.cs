namespace KvScheduling;

/// <summary>Where a request stands. It is in exactly one state and ends exactly once.</summary>
public enum RequestState
{
    /// <summary>Waits in the line; for the first time or after an eviction.</summary>
    Queued,

    /// <summary>Holds KV in the engine.</summary>
    Running,

    /// <summary>Ended by itself.</summary>
    Completed,

    /// <summary>Ended by its caller.</summary>
    Cancelled,

    /// <summary>Refused before its first token.</summary>
    Rejected,

    /// <summary>Ended by an error of the engine.</summary>
    Failed,
}
