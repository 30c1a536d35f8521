namespace KvScheduling.Baselines;

/// <summary>The requests that wait, in the order of a baseline.</summary>
internal sealed class BaselineLine(ILineOrder order)
{
    private readonly SortedDictionary<LineKey, SchedulableRequest> _waiting = [];
    private readonly Dictionary<SchedulableRequest, LineKey> _keys = [];

    public int Count => _waiting.Count;

    public void Add(SchedulableRequest request)
    {
        LineKey key = order.KeyOf(request);
        _keys.Add(request, key);
        _waiting.Add(key, request);
    }

    public void Remove(SchedulableRequest request)
    {
        if (_keys.Remove(request, out LineKey key))
        {
            _waiting.Remove(key);
        }
    }

    public void OnStarted(SchedulableRequest request) => order.OnStarted(request);

    /// <summary>The first request, or null.</summary>
    public SchedulableRequest? First()
    {
        foreach (KeyValuePair<LineKey, SchedulableRequest> first in _waiting)
        {
            return first.Value;
        }

        return null;
    }

    /// <summary>The first requests; the line may change while they are looked at.</summary>
    public IReadOnlyList<SchedulableRequest> Front(int most) => [.. _waiting.Values.Take(most)];
}
