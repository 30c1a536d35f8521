namespace KvScheduling;

/// <summary>The long part of an ordered line: leaves in order, each with its few entries in no order until the first leaf is taken and sorted.</summary>
/// <remarks>
/// <para>A heap of a million entries costs a cache miss on every level of every pop. Here an entry is written once where it belongs, beside those that come up
/// with it, and sorted with them when they do.</para>
/// <para>Removal is free: entries whose request lost its ticket are dropped when their leaf is taken or split, and, leaf by leaf, before they outnumber the
/// living. No single operation costs more than a search among the leaves and work on a few of them.</para>
/// </remarks>
internal sealed class OrderedRest
{
    /// <summary>Entries in a full leaf.</summary>
    public const int LeafSize = 128;
    private const int Slack = 64;

    private OrderedEntry[] _bounds = new OrderedEntry[16];
    private Leaf[] _leaves = new Leaf[16];
    private int _start;
    private int _end;
    private int _entries;
    private int _sweep;
    private SpareList<Leaf> _spares;

    /// <summary>Never read: kept so that <see cref="Warm"/> is not optimized away.</summary>
    private volatile int _read;

    /// <summary>Living entries.</summary>
    public int Count { get; private set; }

    public void Add(in OrderedEntry entry)
    {
        if (_start == _end)
        {
            InsertLeaf(_start, _spares.Take(), default);
        }

        int at = LeafOf(entry);
        Leaf leaf = _leaves[at];
        if (leaf.Count == LeafSize && _entries > Count)
        {
            DropDead(leaf);
        }

        if (leaf.Count == LeafSize)
        {
            Leaf upper = _spares.Take();
            leaf.Split(upper);
            InsertLeaf(at + 1, upper, upper.Entries[0]);
            leaf = entry.Precedes(upper.Entries[0]) ? leaf : upper;
        }

        leaf.Entries[leaf.Count++] = entry;
        _entries++;
        Count++;
    }

    /// <summary>Says that a request of this rest lost its ticket.</summary>
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

    /// <summary>Takes the living entries of the first leaf, in order; there must be a leaf. It may turn out to hold none.</summary>
    /// <param name="entries">Room for <see cref="LeafSize"/> entries.</param>
    /// <returns>How many were written.</returns>
    public int TakeFirst(Span<OrderedEntry> entries)
    {
        Leaf first = _leaves[_start];
        DropDead(first);
        Span<OrderedEntry> living = entries[..first.Count];
        first.Entries.AsSpan(0, first.Count).CopyTo(living);
        Warm(living);
        living.Sort();
        Count -= living.Length;
        _entries -= living.Length;
        RemoveLeaf(_start);
        return living.Length;
    }

    /// <summary>Reads of each request a field near all that planning and starting it will read. In a long line they are far apart and out of the caches: read together
    /// they are waited for together, read one by one they would cost more than the rest of an admission.</summary>
    private void Warm(ReadOnlySpan<OrderedEntry> entries)
    {
        int read = 0;
        foreach (ref readonly OrderedEntry entry in entries)
        {
            SchedulableRequest request = entry.Request;
            read ^= request.PromptTokens ^ request.Evictions ^ request.Place.Cohort;
        }

        _read = read;
    }

    /// <summary>The last leaf whose bound does not come after the entry. What precedes all bounds belongs to the first leaf, whose bound is never read.</summary>
    private int LeafOf(in OrderedEntry entry)
    {
        int low = _start + 1;
        int high = _end;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (entry.Precedes(_bounds[middle]))
            {
                high = middle;
            }
            else
            {
                low = middle + 1;
            }
        }

        return low - 1;
    }

    /// <summary>Drops the dead of the next leaf, and the leaf if little is left of it.</summary>
    private void Sweep()
    {
        int at = _start + _sweep;
        if (at >= _end)
        {
            _sweep = 0;
            at = _start;
        }

        Leaf leaf = _leaves[at];
        DropDead(leaf);
        if (leaf.Count == 0)
        {
            RemoveLeaf(at);
        }
        else if (at > _start && leaf.Count + _leaves[at - 1].Count <= LeafSize / 2)
        {
            _leaves[at - 1].Append(leaf);
            RemoveLeaf(at);
        }
        else
        {
            _sweep++;
        }
    }

    /// <summary>Only the dead are left, and nobody may keep them from the collector.</summary>
    private void Clear()
    {
        while (_start < _end)
        {
            RemoveLeaf(_end - 1);
        }

        _entries = 0;
    }

    private void DropDead(Leaf leaf) => _entries -= leaf.DropDead();

    private void InsertLeaf(int at, Leaf leaf, in OrderedEntry bound)
    {
        if (_end == _leaves.Length)
        {
            at -= _start;
            MakeRoom();
        }

        Array.Copy(_leaves, at, _leaves, at + 1, _end - at);
        Array.Copy(_bounds, at, _bounds, at + 1, _end - at);
        _end++;
        _leaves[at] = leaf;
        _bounds[at] = bound with { Request = null! };
    }

    private void RemoveLeaf(int at)
    {
        Leaf leaf = _leaves[at];
        if (at == _start)
        {
            _leaves[_start++] = null!;
        }
        else
        {
            Array.Copy(_leaves, at + 1, _leaves, at, _end - at - 1);
            Array.Copy(_bounds, at + 1, _bounds, at, _end - at - 1);
            _leaves[--_end] = null!;
        }

        _spares.Give(leaf);
    }

    /// <summary>Moves the leaves to the beginning of their array, of a larger one unless half of it is free.</summary>
    private void MakeRoom()
    {
        int count = _end - _start;
        bool grow = count > _leaves.Length / 2;
        Leaf[] leaves = grow ? new Leaf[_leaves.Length * 2] : _leaves;
        OrderedEntry[] bounds = grow ? new OrderedEntry[_leaves.Length * 2] : _bounds;
        Array.Copy(_leaves, _start, leaves, 0, count);
        Array.Copy(_bounds, _start, bounds, 0, count);
        Array.Clear(leaves, count, leaves.Length - count);
        (_leaves, _bounds, _start, _end) = (leaves, bounds, 0, count);
    }

    private sealed class Leaf : LinePart<Leaf>
    {
        public readonly OrderedEntry[] Entries = new OrderedEntry[LeafSize];
        public int Count;

        /// <returns>How many were dropped.</returns>
        public int DropDead()
        {
            int kept = 0;
            for (int i = 0; i < Count; i++)
            {
                if (Entries[i].IsLiving)
                {
                    Entries[kept++] = Entries[i];
                }
            }

            int dropped = Count - kept;
            Entries.AsSpan(kept, dropped).Clear();
            Count = kept;
            return dropped;
        }

        /// <summary>Moves the upper half of a full leaf to an empty one.</summary>
        public void Split(Leaf upper)
        {
            const int Half = LeafSize / 2;
            Span<OrderedEntry> entries = Entries;
            entries.Sort();
            entries[Half..].CopyTo(upper.Entries);
            entries[Half..].Clear();
            Count = Half;
            upper.Count = LeafSize - Half;
        }

        public void Append(Leaf next)
        {
            next.Entries.AsSpan(0, next.Count).CopyTo(Entries.AsSpan(Count));
            Count += next.Count;
        }

        public override void Clear()
        {
            Entries.AsSpan(0, Count).Clear();
            Count = 0;
        }
    }
}
