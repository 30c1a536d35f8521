namespace KvScheduling;

/// <summary>Requests in the order they were added. Removal is free: entries without a valid ticket are dropped as they come up, and all of them before they
/// outnumber the living.</summary>
/// <typeparam name="TTicket">The ticket that tells living entries.</typeparam>
internal sealed class RequestFifo<TTicket>
    where TTicket : struct, IRequestTicket
{
    private const int Slack = 64;
    private Entry[] _entries = new Entry[64];
    private int _head;
    private int _length;

    /// <summary>Living entries.</summary>
    public int Count { get; private set; }

    /// <summary>Adds a request whose ticket was set before.</summary>
    public void Add(SchedulableRequest request)
    {
        if (_length == _entries.Length)
        {
            Grow();
        }

        this[_length++] = new Entry(request, TTicket.Of(request));
        Count++;
    }

    /// <summary>Says that a request of this queue lost its ticket.</summary>
    public void OnRemoved()
    {
        Count--;
        if (Count == 0)
        {
            Clear();
        }
        else if (_length > (2 * Count) + Slack)
        {
            Compact(_length, Count);
        }
    }

    /// <summary>The oldest request, or null.</summary>
    public SchedulableRequest? First()
    {
        while (_length > 0)
        {
            ref Entry entry = ref this[0];
            if (entry.IsLiving)
            {
                return entry.Request;
            }

            DropFirst();
        }

        return null;
    }

    /// <summary>The oldest requests in order.</summary>
    /// <returns>How many were written.</returns>
    public int Peek(Span<SchedulableRequest> requests)
    {
        int wanted = Math.Min(requests.Length, Count);
        int found = 0;
        int walked = 0;
        while (found < wanted)
        {
            ref Entry entry = ref this[walked++];
            if (entry.IsLiving)
            {
                requests[found++] = entry.Request;
            }
        }

        if (walked > found + Slack)
        {
            // What was skipped is never skipped again.
            Compact(walked, found);
        }

        return found;
    }

    private ref Entry this[int index]
    {
        get
        {
            int at = _head + index;
            return ref _entries[at < _entries.Length ? at : at - _entries.Length];
        }
    }

    private void Clear()
    {
        while (_length > 0)
        {
            DropFirst();
        }

        _head = 0;
    }

    private void DropFirst()
    {
        this[0] = default;
        _head = _head + 1 == _entries.Length ? 0 : _head + 1;
        _length--;
    }

    /// <summary>Moves the living among the first entries together, against those that follow.</summary>
    private void Compact(int walked, int living)
    {
        int to = walked - 1;
        for (int from = walked - 1; from >= 0; from--)
        {
            Entry entry = this[from];
            if (entry.IsLiving)
            {
                this[to--] = entry;
            }
        }

        for (int dead = walked - living; dead > 0; dead--)
        {
            DropFirst();
        }
    }

    private void Grow()
    {
        Entry[] entries = new Entry[_entries.Length * 2];
        for (int i = 0; i < _length; i++)
        {
            entries[i] = this[i];
        }

        _entries = entries;
        _head = 0;
    }

    private readonly record struct Entry(SchedulableRequest Request, uint Ticket)
    {
        public bool IsLiving => TTicket.Of(Request) == Ticket;
    }
}
