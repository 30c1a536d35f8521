namespace KvScheduling;

/// <summary>A line ordered by a fixed key: the first entries in a small sorted front, all others in leaves from which the front is refilled.</summary>
/// <remarks>Looking at the first n costs n; adding and removing cost the logarithm of the length (and a move within the front or one leaf); nothing is allocated once the
/// arrays have grown.</remarks>
internal sealed class OrderedLine
{
    private const int MaxFront = 4 * OrderedRest.LeafSize;
    private readonly OrderedRest _rest = new();
    private OrderedEntry[] _front = new OrderedEntry[MaxFront];
    private int _start;
    private int _end;

    public int Count => _end - _start + _rest.Count;

    public void Add(in OrderedEntry entry)
    {
        // Invariant: nothing in the rest precedes anything in the front.
        if (_rest.Count > 0 && (_start == _end || !entry.Precedes(_front[_end - 1])))
        {
            _rest.Add(entry);
            return;
        }

        if (_end - _start >= MaxFront)
        {
            if (!entry.Precedes(_front[_end - 1]))
            {
                _rest.Add(entry);
                return;
            }

            _rest.Add(_front[_end - 1]);
            _front[--_end] = default;
        }

        Insert(entry);
    }

    /// <summary>Removes an entry, given as it was added, after its request lost its ticket.</summary>
    public void Remove(in OrderedEntry entry)
    {
        if (_start < _end && !_front[_end - 1].Precedes(entry))
        {
            RemoveFromFront(Find(entry));
        }
        else
        {
            _rest.OnRemoved();
        }
    }

    /// <summary>The first entries, at least <paramref name="count"/> if the line is that long.</summary>
    public ReadOnlySpan<OrderedEntry> Front(int count)
    {
        if (_end - _start < count && _rest.Count > 0)
        {
            Refill(count);
        }

        return _front.AsSpan(_start, _end - _start);
    }

    private void Refill(int count)
    {
        int wanted = Math.Max(count, OrderedRest.LeafSize);
        MoveToBegin(wanted + OrderedRest.LeafSize);
        while (_end < wanted && _rest.Count > 0)
        {
            _end += _rest.TakeFirst(_front.AsSpan(_end));
        }
    }

    private void Insert(in OrderedEntry entry)
    {
        int at = Find(entry);
        if (_start > 0 && at - _start <= _end - at)
        {
            _front.AsSpan(_start, at - _start).CopyTo(_front.AsSpan(_start - 1));
            _start--;
            _front[at - 1] = entry;
            return;
        }

        if (_end == _front.Length)
        {
            int offset = at - _start;
            MoveToBegin(_end - _start + 1);
            at = _start + offset;
        }

        _front.AsSpan(at, _end - at).CopyTo(_front.AsSpan(at + 1));
        _end++;
        _front[at] = entry;
    }

    private void RemoveFromFront(int at)
    {
        if (at - _start < _end - at)
        {
            _front.AsSpan(_start, at - _start).CopyTo(_front.AsSpan(_start + 1));
            _front[_start++] = default;
        }
        else
        {
            _front.AsSpan(at + 1, _end - at - 1).CopyTo(_front.AsSpan(at));
            _front[--_end] = default;
        }
    }

    /// <summary>Moves the front to the beginning of its array, which then has room for <paramref name="capacity"/> entries.</summary>
    private void MoveToBegin(int capacity)
    {
        int count = _end - _start;
        OrderedEntry[] target = capacity > _front.Length ? new OrderedEntry[Math.Max(capacity, _front.Length * 2)] : _front;
        _front.AsSpan(_start, count).CopyTo(target);
        if (ReferenceEquals(target, _front))
        {
            Array.Clear(_front, count, _end - count);
        }

        _front = target;
        _start = 0;
        _end = count;
    }

    /// <summary>Where the entry is in the front, or would be.</summary>
    private int Find(in OrderedEntry entry)
    {
        int low = _start;
        int high = _end;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (_front[middle].Precedes(entry))
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }
}
