namespace KvScheduling;

/// <summary>The latest output lengths and their conditional quantiles, exact at every moment.</summary>
/// <remarks>A ring of lengths and a Fenwick tree of their counts: adding, dropping and asking take the logarithm of the longest length and allocate
/// nothing.</remarks>
internal sealed class LengthHistory
{
    private readonly int[] _ring;
    private readonly int[] _tree;
    private readonly int _top;
    private int _next;

    /// <summary>Creates an empty history.</summary>
    /// <param name="size">How many lengths are kept.</param>
    /// <param name="longest">Longer lengths count as this one.</param>
    public LengthHistory(int size, int longest)
    {
        _ring = new int[size];
        _tree = new int[longest + 1];
        _top = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)longest + 1) >> 1;
    }

    /// <summary>How many lengths are kept now.</summary>
    public int Count { get; private set; }

    /// <summary>Changes with every length added.</summary>
    public long Version { get; private set; }

    public void Add(int length)
    {
        int clamped = Math.Clamp(length, 1, _tree.Length - 1);
        if (Count == _ring.Length)
        {
            Update(_ring[_next], -1);
        }
        else
        {
            Count++;
        }

        _ring[_next] = clamped;
        _next = _next + 1 == _ring.Length ? 0 : _next + 1;
        Update(clamped, 1);
        Version++;
    }

    /// <summary>How many kept lengths are longer than this.</summary>
    public int CountAbove(int length)
    {
        int below = 0;
        for (int i = Math.Min(length, _tree.Length - 1); i > 0; i &= i - 1)
        {
            below += _tree[i];
        }

        return Count - below;
    }

    /// <summary>A quantile of the kept lengths longer than <paramref name="above"/>: the least length that at least this share of them does not
    /// exceed.</summary>
    /// <param name="quantile">From 0 to 1.</param>
    /// <param name="above">Only longer lengths count; there must be one.</param>
    /// <param name="countAbove">What <see cref="CountAbove"/> says about it.</param>
    public int Quantile(double quantile, int above, int countAbove)
    {
        int skipped = Count - countAbove;
        int rank = skipped + Math.Clamp((int)Math.Ceiling(quantile * countAbove), 1, countAbove);
        int position = 0;
        for (int step = _top; step > 0; step >>= 1)
        {
            int next = position + step;
            if (next < _tree.Length && _tree[next] < rank)
            {
                position = next;
                rank -= _tree[next];
            }
        }

        return Math.Max(position + 1, above + 1);
    }

    private void Update(int length, int change)
    {
        for (int i = length; i < _tree.Length; i += i & -i)
        {
            _tree[i] += change;
        }
    }
}
