namespace KvScheduling;

/// <summary>Told what happens to requests and steps, so that it can keep counts of its own: a policy's gate, or a discipline.</summary>
internal interface ILineListener
{
    /// <summary>A request has joined the line, new or again.</summary>
    void OnQueued(SchedulableRequest request, TimeSpan now);

    /// <summary>A request has left the line.</summary>
    /// <param name="request">The request.</param>
    /// <param name="wasResumed">Whether it had run before.</param>
    void OnLeft(SchedulableRequest request, bool wasResumed);

    /// <summary>A request got a slot.</summary>
    void OnStarted(SchedulableRequest request, TimeSpan now);

    /// <summary>A request completed.</summary>
    void OnCompleted(SchedulableRequest request);
}
