namespace KvScheduling;

/// <summary>The residents of the KV cache, sorted by the ledger step they are planned to end at.</summary>
/// <remarks>
/// A resident that holds m tokens now (at ledger step <see cref="Clock"/>) and plans r more is kept as its end E = Clock + r and its base b = m - Clock,
/// so that at step T ≤ E it holds b + T: when everybody advances, only the clock moves.
/// </remarks>
internal sealed class ResidentTable
{
    private long[] _ends = new long[16];
    private long[] _bases = new long[16];
    private int[] _tags = new int[16];
    private bool[] _sharing = new bool[16];
    private int _count;

    /// <summary>Steps in which the majority of residents advanced.</summary>
    public long Clock { get; private set; }

    public int Count => _count;

    /// <summary>What all residents hold when each is at its own end, in tokens. Advancing or staying behind does not change it.</summary>
    public long PeakTokens { get; private set; }

    /// <summary>Changes with everything but a step in which all advance: what was derived from ends and bases must be derived again.</summary>
    public long Version { get; private set; }

    public ReadOnlySpan<long> Ends => _ends.AsSpan(0, _count);

    public ReadOnlySpan<long> Bases => _bases.AsSpan(0, _count);

    /// <summary>Whether each resident holds blocks that others hold too.</summary>
    public ReadOnlySpan<bool> Sharing => _sharing.AsSpan(0, _count);

    public ReadOnlySpan<int> Tags => _tags.AsSpan(0, _count);

    public void SetSharing(int index, bool sharing) => _sharing[index] = sharing;

    public void AddHeld(int index, long tokens)
    {
        _bases[index] += tokens;
        PeakTokens += tokens;
        Version++;
    }

    public void Clear()
    {
        _count = 0;
        PeakTokens = 0;
        Version++;
    }

    public void Insert(int tag, long held, long remaining, bool sharing)
    {
        if (_count == _ends.Length)
        {
            int size = _count * 2;
            Array.Resize(ref _ends, size);
            Array.Resize(ref _bases, size);
            Array.Resize(ref _tags, size);
            Array.Resize(ref _sharing, size);
        }

        long end = Clock + remaining;
        int at = FirstAfter(end);
        int moved = _count - at;
        _ends.AsSpan(at, moved).CopyTo(_ends.AsSpan(at + 1));
        _bases.AsSpan(at, moved).CopyTo(_bases.AsSpan(at + 1));
        _tags.AsSpan(at, moved).CopyTo(_tags.AsSpan(at + 1));
        _sharing.AsSpan(at, moved).CopyTo(_sharing.AsSpan(at + 1));
        _ends[at] = end;
        _bases[at] = held - Clock;
        _tags[at] = tag;
        _sharing[at] = sharing;
        _count++;
        PeakTokens += held + remaining;
        Version++;
    }

    public void RemoveAt(int index)
    {
        PeakTokens -= _bases[index] + _ends[index];
        Version++;
        _count--;
        int moved = _count - index;
        _ends.AsSpan(index + 1, moved).CopyTo(_ends.AsSpan(index));
        _bases.AsSpan(index + 1, moved).CopyTo(_bases.AsSpan(index));
        _tags.AsSpan(index + 1, moved).CopyTo(_tags.AsSpan(index));
        _sharing.AsSpan(index + 1, moved).CopyTo(_sharing.AsSpan(index));
    }

    public void CopyFrom(ResidentTable other)
    {
        if (_ends.Length < other._count)
        {
            int size = other._ends.Length;
            _ends = new long[size];
            _bases = new long[size];
            _tags = new int[size];
            _sharing = new bool[size];
        }

        other._ends.AsSpan(0, other._count).CopyTo(_ends);
        other._bases.AsSpan(0, other._count).CopyTo(_bases);
        other._tags.AsSpan(0, other._count).CopyTo(_tags);
        other._sharing.AsSpan(0, other._count).CopyTo(_sharing);
        _count = other._count;
        Clock = other.Clock;
        PeakTokens = other.PeakTokens;
        Version++;
    }

    /// <summary>Takes one step: residents whose tag is marked hold one token more and plan one less, the others stay as they are.</summary>
    /// <param name="advanced">By tag, whether the resident advanced.</param>
    public void Step(ReadOnlySpan<bool> advanced)
    {
        int moved = 0;
        for (int i = 0; i < _count; i++)
        {
            moved += advanced[_tags[i]] ? 1 : 0;
        }

        // Relative to the clock only the minority has to be touched.
        bool clockMoves = moved * 2 >= _count;
        Clock += clockMoves ? 1 : 0;
        if (moved == (clockMoves ? _count : 0))
        {
            return;
        }

        Version++;
        long shift = clockMoves ? 1 : -1;
        for (int i = 0; i < _count; i++)
        {
            if (advanced[_tags[i]] != clockMoves)
            {
                _ends[i] += shift;
                _bases[i] -= shift;
            }
        }

        SortNearlySorted();
    }

    /// <summary>The first entry that ends after a ledger step.</summary>
    public int FirstAfter(long step)
    {
        int low = 0;
        int high = _count;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (_ends[middle] <= step)
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

    /// <summary>Entries are out of place by one step at most, so that insertion is cheap; stable.</summary>
    private void SortNearlySorted()
    {
        for (int i = 1; i < _count; i++)
        {
            long end = _ends[i];
            if (_ends[i - 1] <= end)
            {
                continue;
            }

            long held = _bases[i];
            int tag = _tags[i];
            bool sharing = _sharing[i];
            int at = i;
            for (; at > 0 && _ends[at - 1] > end; at--)
            {
                _ends[at] = _ends[at - 1];
                _bases[at] = _bases[at - 1];
                _tags[at] = _tags[at - 1];
                _sharing[at] = _sharing[at - 1];
            }

            _ends[at] = end;
            _bases[at] = held;
            _tags[at] = tag;
            _sharing[at] = sharing;
        }
    }
}
