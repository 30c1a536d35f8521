namespace KvScheduling;

/// <summary>The requests of one priority: resumed ones first, then the policy's line.</summary>
internal sealed class PriorityLevel(ISchedulingPolicy policy)
{
    public int Priority { get; set; }

    public ISchedulingPolicy Policy { get; } = policy;

    /// <summary>Everybody of this priority by waiting time; kept where priorities age.</summary>
    public RequestFifo<WaitTicket> ByWait { get; } = new();

    public ResumedLine Resumed { get; } = new();

    public int Count => Policy.Count + Resumed.Count;

    public int Peek(Span<SchedulableRequest> requests)
    {
        int count = Resumed.Count > 0 ? Resumed.Peek(requests) : 0;
        return count < requests.Length && Policy.Count > 0 ? count + Policy.Peek(requests[count..]) : count;
    }
}
