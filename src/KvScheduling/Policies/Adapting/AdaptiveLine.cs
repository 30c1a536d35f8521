namespace KvScheduling;

/// <summary>A line in two orders at once: of arrival, and of Sorted-F; which one counts is up to the regime, and changing it costs nothing.</summary>
internal sealed class AdaptiveLine(AdaptiveGate gate, PolicyContext context) : IGatingPolicy
{
    private readonly RequestFifo<ArrivalTicket> _byArrival = new();
    private readonly SortedFPolicy _bySize = new(context);

    public string Name => gate.Name;

    public int Count => _byArrival.Count;

    public IStartGate Gate => gate;

    public ISchedulingPolicy CreateLine() => new AdaptiveLine(gate, context);

    public void Add(SchedulableRequest request)
    {
        request.Place.Cohort = gate.CohortOf(request);
        request.Place.ArrivalTicket = request.Place.NextTicket();
        _byArrival.Add(request);
        _bySize.Add(request);
    }

    public void Remove(SchedulableRequest request)
    {
        _bySize.Remove(request);
        request.Place.ArrivalTicket = 0;
        _byArrival.OnRemoved();
    }

    public int Peek(Span<SchedulableRequest> candidates) => gate.IsBacklog ? _bySize.Peek(candidates) : _byArrival.Peek(candidates);
}
