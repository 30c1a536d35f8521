using System.Runtime.InteropServices;

namespace KvScheduling;

/// <summary>Sorted-F with one way of selecting batches, over the whole line: for comparing the ways with each other.</summary>
/// <remarks>Every batch costs at least the sorting of all that wait, and every arrival plans anew. <see cref="SortedFPolicy"/> is the one whose cost does not
/// grow with the line.</remarks>
internal sealed class SortedFReferencePolicy(string name, SortedFSelector select) : ISchedulingPolicy
{
    private readonly SortedDictionary<long, SchedulableRequest> _unplanned = [];
    private readonly List<SchedulableRequest> _plan = [];
    private readonly List<BatchItem> _items = [];
    private readonly List<BatchItem> _batch = [];

    public string Name => name;

    public int Count => _unplanned.Count + _plan.Count;

    public void Add(SchedulableRequest request)
    {
        foreach (SchedulableRequest planned in _plan)
        {
            _unplanned.Add(planned.ArrivalIndex, planned);
        }

        _plan.Clear();
        _unplanned.Add(request.ArrivalIndex, request);
    }

    public void Remove(SchedulableRequest request)
    {
        if (!_unplanned.Remove(request.ArrivalIndex))
        {
            _plan.Remove(request);
        }
    }

    public int Peek(Span<SchedulableRequest> candidates)
    {
        while (_plan.Count < candidates.Length && _unplanned.Count > 0)
        {
            PlanBatch();
        }

        int count = Math.Min(candidates.Length, _plan.Count);
        CollectionsMarshal.AsSpan(_plan)[..count].CopyTo(candidates);
        return count;
    }

    private void PlanBatch()
    {
        _items.Clear();
        foreach (SchedulableRequest request in _unplanned.Values)
        {
            _items.Add(new BatchItem(RequestSize.Prompt(request), RequestSize.Output(request), request.ArrivalIndex));
        }

        select(CollectionsMarshal.AsSpan(_items), _batch);
        if (_batch.Count == 0)
        {
            // Nothing fits the budget even alone. The door refuses such requests; the line must come to an end all the same.
            _batch.Add(_items[0]);
        }

        foreach (BatchItem item in _batch)
        {
            _unplanned.Remove(item.Arrival, out SchedulableRequest? request);
            _plan.Add(request!);
        }
    }
}

/// <summary>Selects the next batch among requests given in the order of arrival.</summary>
/// <param name="items">The requests.</param>
/// <param name="batch">Receives the batch, in order; left empty when nothing fits.</param>
internal delegate void SortedFSelector(ReadOnlySpan<BatchItem> items, List<BatchItem> batch);
