namespace KvScheduling;

/// <summary>An entry of a request queue that is ordered by a key: least key first, then least minor key, then arrival.</summary>
internal readonly record struct OrderedEntry(long Key, uint Minor, uint Ticket, long Arrival, SchedulableRequest Request)
{
    public bool Precedes(in OrderedEntry other) =>
        Key != other.Key ? Key < other.Key : Minor != other.Minor ? Minor < other.Minor : Arrival < other.Arrival;
}

/// <summary>A 4-ary heap of requests with their keys inline. Removal is free: entries without a valid ticket are dropped when they come up, and all of them before they outnumber the living.</summary>
/// <remarks>
/// Positions are not kept in the requests: writing them would touch a cold object on every level of every pop, which at a million entries costs more than the pop.
/// </remarks>
/// <typeparam name="TTicket">The ticket that tells living entries.</typeparam>
internal sealed class RequestHeap<TTicket>
    where TTicket : struct, IRequestTicket
{
    private const int Slack = 64;
    private OrderedEntry[] _entries = new OrderedEntry[16];
    private int _length;

    /// <summary>Living entries.</summary>
    public int Count { get; private set; }

    public void Add(in OrderedEntry entry)
    {
        if (_length == _entries.Length)
        {
            Array.Resize(ref _entries, _length * 2);
        }

        Count++;
        int at = _length++;
        while (at > 0)
        {
            int parent = (at - 1) >> 2;
            if (!entry.Precedes(_entries[parent]))
            {
                break;
            }

            _entries[at] = _entries[parent];
            at = parent;
        }

        _entries[at] = entry;
    }

    /// <summary>Says that a request of this heap lost its ticket.</summary>
    public void OnRemoved()
    {
        Count--;
        if (_length > (2 * Count) + Slack)
        {
            Compact();
        }
    }

    /// <summary>The least living entry.</summary>
    public bool TryPeek(out OrderedEntry entry)
    {
        while (_length > 0)
        {
            entry = _entries[0];
            if (IsLiving(entry))
            {
                return true;
            }

            DropTop();
        }

        entry = default;
        return false;
    }

    /// <summary>Takes the least living entry out of the heap; the request keeps its ticket.</summary>
    public bool TryPop(out OrderedEntry entry)
    {
        if (!TryPeek(out entry))
        {
            return false;
        }

        DropTop();
        Count--;
        return true;
    }

    /// <summary>Gives every living entry a new key.</summary>
    public void Rekey(Func<SchedulableRequest, long> key)
    {
        Compact();
        for (int i = 0; i < _length; i++)
        {
            _entries[i] = _entries[i] with { Key = key(_entries[i].Request) };
        }

        Heapify();
    }

    private static bool IsLiving(in OrderedEntry entry) => TTicket.Of(entry.Request) == entry.Ticket;

    private void DropTop()
    {
        OrderedEntry last = _entries[--_length];
        _entries[_length] = default;
        if (_length > 0)
        {
            SiftFromTop(last);
        }
    }

    /// <summary>The hole at the top sinks to a leaf along least children, then the last entry rises from there: it came from a leaf and seldom rises far.</summary>
    private void SiftFromTop(in OrderedEntry last)
    {
        OrderedEntry[] entries = _entries;
        int hole = 0;
        while (true)
        {
            int child = (hole << 2) + 1;
            if (child >= _length)
            {
                break;
            }

            int end = Math.Min(child + 4, _length);
            int least = child;
            for (int i = child + 1; i < end; i++)
            {
                if (entries[i].Precedes(entries[least]))
                {
                    least = i;
                }
            }

            entries[hole] = entries[least];
            hole = least;
        }

        while (hole > 0)
        {
            int parent = (hole - 1) >> 2;
            if (!last.Precedes(entries[parent]))
            {
                break;
            }

            entries[hole] = entries[parent];
            hole = parent;
        }

        entries[hole] = last;
    }

    private void SiftDown(int at)
    {
        OrderedEntry entry = _entries[at];
        while (true)
        {
            int child = (at << 2) + 1;
            if (child >= _length)
            {
                break;
            }

            int end = Math.Min(child + 4, _length);
            int least = child;
            for (int i = child + 1; i < end; i++)
            {
                if (_entries[i].Precedes(_entries[least]))
                {
                    least = i;
                }
            }

            if (!_entries[least].Precedes(entry))
            {
                break;
            }

            _entries[at] = _entries[least];
            at = least;
        }

        _entries[at] = entry;
    }

    private void Compact()
    {
        int kept = 0;
        for (int i = 0; i < _length; i++)
        {
            if (IsLiving(_entries[i]))
            {
                _entries[kept++] = _entries[i];
            }
        }

        Array.Clear(_entries, kept, _length - kept);
        _length = kept;
        Heapify();
    }

    private void Heapify()
    {
        for (int i = (_length - 2) >> 2; i >= 0; i--)
        {
            SiftDown(i);
        }
    }
}
