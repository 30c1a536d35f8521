namespace KvScheduling;

/// <summary>The order of the line: which waiting request the scheduler should try to start next.</summary>
/// <remarks>
/// <para>Pure and deterministic: it sees token counts, estimates and time, never text, and the same calls give the same answers. The same object runs live and in the simulator.</para>
/// <para>What every order shares lives in the scheduler, not here: memory, backfill, promotion after a long wait, priorities, resumed requests first.
/// Requests of equal priority are all a policy compares; the scheduler keeps one policy line per priority.</para>
/// <para>Called from one thread. A step with a million requests waiting must cost what a step with a hundred does.</para>
/// </remarks>
public interface ISchedulingPolicy
{
    /// <summary>The name in options, metrics and reports.</summary>
    string Name { get; }

    /// <summary>The number of requests in the line.</summary>
    int Count { get; }

    /// <summary>A request joined the line.</summary>
    /// <param name="request">The request. Its key must not depend on anything that changes while it waits.</param>
    void Add(SchedulableRequest request);

    /// <summary>A request left the line: it started, was cancelled or was refused.</summary>
    /// <param name="request">A request that was added and not removed since.</param>
    void Remove(SchedulableRequest request);

    /// <summary>The first requests of the line, in order.</summary>
    /// <param name="candidates">Receives them.</param>
    /// <returns>How many were written: 0 only when the line is empty.</returns>
    int Peek(Span<SchedulableRequest> candidates);
}
