namespace KvScheduling;

/// <summary>A line ordered by a key that is fixed while a request waits; equal keys keep the order of arrival.</summary>
internal abstract class StaticKeyPolicy : ISchedulingPolicy
{
    private readonly OrderedLine _line = new();

    public abstract string Name { get; }

    public int Count => _line.Count;

    public void Add(SchedulableRequest request)
    {
        request.Place.PolicyTicket = request.Place.NextTicket();
        _line.Add(Entry(request));
    }

    public void Remove(SchedulableRequest request)
    {
        OrderedEntry entry = Entry(request);
        request.Place.PolicyTicket = 0;
        _line.Remove(entry);
    }

    public int Peek(Span<SchedulableRequest> candidates)
    {
        ReadOnlySpan<OrderedEntry> front = _line.Front(candidates.Length);
        int count = Math.Min(front.Length, candidates.Length);
        for (int i = 0; i < count; i++)
        {
            candidates[i] = front[i].Request;
        }

        return count;
    }

    /// <summary>The key; the least goes first.</summary>
    protected abstract long Key(SchedulableRequest request);

    private OrderedEntry Entry(SchedulableRequest request) => new(Key(request), 0, request.Place.PolicyTicket, request.ArrivalIndex, request);
}
