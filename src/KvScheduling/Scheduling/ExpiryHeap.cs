using System.Diagnostics.CodeAnalysis;

namespace KvScheduling;

/// <summary>A 4-ary heap of waiting requests by the moment at which they must be judged. Removal is free: entries of a wait that is over are dropped when they
/// come up, and all of them before they outnumber the living.</summary>
/// <remarks>The heap moves small items that hold the whole key and no reference; the requests stay where they are in a table of their own.</remarks>
internal sealed class ExpiryHeap
{
    private const int Slack = 64;
    private Item[] _items = new Item[16];
    private Cell[] _cells = new Cell[16];
    private int _length;
    private int _cellCount;
    private int _freeCell = -1;

    /// <summary>Living entries.</summary>
    public int Count { get; private set; }

    public void Add(SchedulableRequest request, long key)
    {
        if (_length == _items.Length)
        {
            Array.Resize(ref _items, _length * 2);
        }

        Count++;
        Rise(_length++, new Item(key, request.ArrivalIndex, TakeCell(request)));
    }

    /// <summary>Says that the wait of a request of this heap is over.</summary>
    public void OnRemoved()
    {
        Count--;
        if (_length > (2 * Count) + Slack)
        {
            Compact();
        }
    }

    /// <summary>The request to be judged first.</summary>
    public bool TryPeek(out long key, [NotNullWhen(true)] out SchedulableRequest? request)
    {
        while (_length > 0)
        {
            Item top = _items[0];
            ref readonly Cell cell = ref _cells[top.Cell];
            if (cell.IsLiving)
            {
                (key, request) = (top.Key, cell.Request!);
                return true;
            }

            DropTop();
        }

        (key, request) = (0, null);
        return false;
    }

    /// <summary>Gives the request to be judged first, found by <see cref="TryPeek"/>, a later moment.</summary>
    public void Postpone(long key)
    {
        _items[0] = _items[0] with { Key = key };
        Sink(0);
    }

    /// <summary>Gives every living entry a new key.</summary>
    public void Rekey(Func<SchedulableRequest, long> key)
    {
        for (int i = 0; i < _length; i++)
        {
            SchedulableRequest request = _cells[_items[i].Cell].Request!;
            _items[i] = _items[i] with { Key = key(request) };
        }

        Compact();
    }

    private int TakeCell(SchedulableRequest request)
    {
        int cell = _freeCell;
        if (cell >= 0)
        {
            _freeCell = _cells[cell].NextFree;
        }
        else
        {
            if (_cellCount == _cells.Length)
            {
                Array.Resize(ref _cells, _cellCount * 2);
            }

            cell = _cellCount++;
        }

        _cells[cell] = new Cell { Request = request, Ticket = request.Place.WaitTicket };
        return cell;
    }

    private void FreeCell(int cell)
    {
        _cells[cell] = new Cell { NextFree = _freeCell };
        _freeCell = cell;
    }

    private void DropTop()
    {
        FreeCell(_items[0].Cell);
        Item last = _items[--_length];
        if (_length > 0)
        {
            // The hole at the top sinks to a leaf along least children, then the last item rises from there: it came from a leaf and seldom rises far.
            Rise(SinkHole(), last);
        }
    }

    private int SinkHole()
    {
        Item[] items = _items;
        int hole = 0;
        while (true)
        {
            int child = (hole << 2) + 1;
            if (child >= _length)
            {
                return hole;
            }

            int least = LeastChild(items, child);
            items[hole] = items[least];
            hole = least;
        }
    }

    private int LeastChild(Item[] items, int child)
    {
        int end = Math.Min(child + 4, _length);
        int least = child;
        for (int i = child + 1; i < end; i++)
        {
            if (items[i].Precedes(items[least]))
            {
                least = i;
            }
        }

        return least;
    }

    private void Rise(int at, in Item item)
    {
        Item[] items = _items;
        while (at > 0)
        {
            int parent = (at - 1) >> 2;
            if (!item.Precedes(items[parent]))
            {
                break;
            }

            items[at] = items[parent];
            at = parent;
        }

        items[at] = item;
    }

    private void Sink(int at)
    {
        Item[] items = _items;
        Item item = items[at];
        while ((at << 2) + 1 < _length)
        {
            int least = LeastChild(items, (at << 2) + 1);
            if (!items[least].Precedes(item))
            {
                break;
            }

            items[at] = items[least];
            at = least;
        }

        items[at] = item;
    }

    /// <summary>Drops the dead and orders what is left.</summary>
    private void Compact()
    {
        int kept = 0;
        for (int i = 0; i < _length; i++)
        {
            Item item = _items[i];
            if (_cells[item.Cell].IsLiving)
            {
                _items[kept++] = item;
            }
            else
            {
                FreeCell(item.Cell);
            }
        }

        _length = kept;
        for (int i = (kept - 2) >> 2; i >= 0; i--)
        {
            Sink(i);
        }
    }

    private readonly record struct Item(long Key, long Arrival, int Cell)
    {
        public bool Precedes(in Item other) =>
            Key != other.Key ? Key < other.Key : Arrival < other.Arrival;
    }

    private struct Cell
    {
        public SchedulableRequest? Request;
        public uint Ticket;
        public int NextFree;

        public readonly bool IsLiving => Request!.Place.WaitTicket == Ticket;
    }
}
