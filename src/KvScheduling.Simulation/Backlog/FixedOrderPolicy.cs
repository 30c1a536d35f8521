namespace KvScheduling.Simulation;

/// <summary>A line in an order that was worked out before: the rank of each request by its place in the workload.</summary>
internal sealed class FixedOrderPolicy(string name, int[] ranks) : ISchedulingPolicy
{
    private readonly SortedDictionary<int, SchedulableRequest> _line = [];

    public string Name => name;

    public int Count => _line.Count;

    public void Add(SchedulableRequest request) => _line.Add(ranks[request.ArrivalIndex], request);

    public void Remove(SchedulableRequest request) => _line.Remove(ranks[request.ArrivalIndex]);

    public int Peek(Span<SchedulableRequest> candidates)
    {
        int count = 0;
        foreach (SchedulableRequest request in _line.Values)
        {
            if (count == candidates.Length)
            {
                break;
            }

            candidates[count++] = request;
        }

        return count;
    }
}
