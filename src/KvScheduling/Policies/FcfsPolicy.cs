namespace KvScheduling;

/// <summary>First come, first served.</summary>
internal sealed class FcfsPolicy : ISchedulingPolicy
{
    private readonly RequestFifo<PolicyTicket> _line = new();

    public string Name => SchedulingPolicies.Fcfs;

    public int Count => _line.Count;

    public void Add(SchedulableRequest request)
    {
        request.Place.PolicyTicket = request.Place.NextTicket();
        _line.Add(request);
    }

    public void Remove(SchedulableRequest request)
    {
        request.Place.PolicyTicket = 0;
        _line.OnRemoved();
    }

    public int Peek(Span<SchedulableRequest> candidates) => _line.Peek(candidates);
}
