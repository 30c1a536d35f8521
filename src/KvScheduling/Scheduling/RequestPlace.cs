namespace KvScheduling;

/// <summary>A request's place in the scheduler's structures. Tickets tell a living entry of a queue from one that was left behind by a removal.</summary>
internal struct RequestPlace
{
    /// <summary>Names the present wait in the line; 0 while it does not wait.</summary>
    public uint WaitTicket;

    /// <summary>Names the present membership in a policy's line; 0 outside.</summary>
    public uint PolicyTicket;

    /// <summary>Names the present membership in the order of arrival of a line that keeps a second one; 0 outside.</summary>
    public uint ArrivalTicket;

    private uint _tickets;

    /// <summary>When the present wait began.</summary>
    public TimeSpan WaitingSince;

    /// <summary>It comes back after an eviction or fault and goes before those that never started.</summary>
    public bool IsResumed;

    /// <summary>It has started at least once.</summary>
    public bool WasStarted;

    /// <summary>How many requests started past it while it was the blocked head.</summary>
    public int Overtaken;

    /// <summary>The most of its tokens that were ever in the KV cache: what lies below is computed again when it is computed.</summary>
    public int MostComputed;

    /// <summary>Steps that failed with it since the last one that it got through alone.</summary>
    public int StepFailures;

    /// <summary>While it is a suspect, how much of it must be computed in steps of its own before it is cleared; 0 otherwise.</summary>
    public int SuspectUntil;

    /// <summary>Since when the policy's gate holds it back; null when it does not.</summary>
    public TimeSpan? HeldSince;

    /// <summary>Its tenant's account, where tenants share fairly.</summary>
    public TenantAccount? Account;

    /// <summary>Whether it came together with many others, or from a backlog that is drained.</summary>
    public bool IsBulk;

    /// <summary>The cohort it waits for, where its policy forms some.</summary>
    public int Cohort;

    /// <summary>Whether it is part of its policy's plan.</summary>
    public bool IsPlanned;

    /// <summary>A ticket that no entry of this request in any queue has.</summary>
    public uint NextTicket() => ++_tickets;
}
