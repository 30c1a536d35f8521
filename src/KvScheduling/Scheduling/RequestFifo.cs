namespace KvScheduling;

/// <summary>Requests in the order they were added. Removal is free: entries without a valid ticket are dropped as they come up, and, chunk by chunk, before they
/// outnumber the living.</summary>
/// <remarks>No single operation costs more than work on one chunk, beside what is asked for.</remarks>
/// <typeparam name="TTicket">The ticket that tells living entries.</typeparam>
internal sealed class RequestFifo<TTicket>
    where TTicket : struct, IRequestTicket
{
    private const int ChunkSize = 64;
    private const int Slack = 64;

    private Chunk _first = new();
    private Chunk _last;
    private Chunk? _swept;
    private SpareList<Chunk> _spares;
    private int _entries;

    public RequestFifo() => _last = _first;

    /// <summary>Living entries.</summary>
    public int Count { get; private set; }

    /// <summary>Adds a request whose ticket was set before.</summary>
    public void Add(SchedulableRequest request)
    {
        if (_last.End == ChunkSize)
        {
            _last.Next = _spares.Take();
            _last = _last.Next;
        }

        _last.Entries[_last.End++] = new Entry(request, TTicket.Of(request));
        _entries++;
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
        else if (_entries > (2 * Count) + Slack)
        {
            Sweep();
        }
    }

    /// <summary>The oldest request, or null.</summary>
    public SchedulableRequest? First()
    {
        while (_entries > 0)
        {
            Chunk first = _first;
            if (first.Count == 0)
            {
                Unlink(null, first);
            }
            else if (first.Entries[first.Start].IsLiving)
            {
                return first.Entries[first.Start].Request;
            }
            else
            {
                first.Entries[first.Start++] = default;
                _entries--;
            }
        }

        return null;
    }

    /// <summary>The oldest requests in order.</summary>
    /// <returns>How many were written.</returns>
    public int Peek(Span<SchedulableRequest> requests)
    {
        int wanted = Math.Min(requests.Length, Count);
        int found = 0;
        _ = First();
        Chunk? before = null;
        for (Chunk? chunk = _first, next; chunk is not null && found < wanted; chunk = next)
        {
            next = chunk.Next;
            if (!chunk.CopyLiving(requests[..wanted], ref found))
            {
                // What was skipped is never skipped again.
                DropDead(chunk);
            }

            if (chunk.Count == 0 && next is not null)
            {
                Unlink(before, chunk);
            }
            else
            {
                before = chunk;
            }
        }

        return found;
    }

    /// <summary>Drops the dead of the chunk after the one that was swept last, and joins the two when little is left of them.</summary>
    private void Sweep()
    {
        Chunk? before = _swept;
        Chunk chunk = before?.Next ?? _first;
        DropDead(chunk);
        if (before is not null && chunk != _first && before.Count + chunk.Count <= ChunkSize)
        {
            before.Append(chunk);
            Unlink(before, chunk);
        }
        else
        {
            _swept = chunk;
        }
    }

    private void DropDead(Chunk chunk) => _entries -= chunk.DropDead();

    /// <summary>Only the dead are left, and nobody may keep them from the collector.</summary>
    private void Clear()
    {
        while (_first != _last)
        {
            Unlink(null, _first);
        }

        _first.Clear();
        _entries = 0;
    }

    private void Unlink(Chunk? before, Chunk chunk)
    {
        if (before is null)
        {
            _first = chunk.Next!;
        }
        else
        {
            before.Next = chunk.Next;
        }

        _last = chunk == _last ? before! : _last;
        _swept = chunk == _swept ? before : _swept;
        _spares.Give(chunk);
    }

    private readonly record struct Entry(SchedulableRequest Request, uint Ticket)
    {
        public bool IsLiving => TTicket.Of(Request) == Ticket;
    }

    private sealed class Chunk : LinePart<Chunk>
    {
        public readonly Entry[] Entries = new Entry[ChunkSize];
        public int Start;
        public int End;

        public int Count => End - Start;

        /// <summary>Copies the living into what is left of the requests.</summary>
        /// <returns>False when it met others.</returns>
        public bool CopyLiving(Span<SchedulableRequest> requests, ref int found)
        {
            bool isClean = true;
            for (int i = Start; i < End && found < requests.Length; i++)
            {
                if (Entries[i].IsLiving)
                {
                    requests[found++] = Entries[i].Request;
                }
                else
                {
                    isClean = false;
                }
            }

            return isClean;
        }

        /// <returns>How many were dropped.</returns>
        public int DropDead()
        {
            int before = Count;
            int kept = 0;
            for (int i = Start; i < End; i++)
            {
                if (Entries[i].IsLiving)
                {
                    Entries[kept++] = Entries[i];
                }
            }

            Entries.AsSpan(kept, End - kept).Clear();
            (Start, End) = (0, kept);
            return before - kept;
        }

        public void Append(Chunk next)
        {
            Entries.AsSpan(Start, Count).CopyTo(Entries);
            (Start, End) = (0, Count);
            next.Entries.AsSpan(next.Start, next.Count).CopyTo(Entries.AsSpan(End));
            End += next.Count;
        }

        public override void Clear()
        {
            Entries.AsSpan(Start, Count).Clear();
            (Start, End) = (0, 0);
        }
    }
}
