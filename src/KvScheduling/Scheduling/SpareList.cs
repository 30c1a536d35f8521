namespace KvScheduling;

/// <summary>Emptied parts of a line, kept for their next use so that a line in steady state allocates nothing; few, so that one that was long once does not hold its memory for ever.</summary>
/// <typeparam name="T">The part.</typeparam>
internal struct SpareList<T>
    where T : LinePart<T>, new()
{
    private const int Capacity = 256;
    private T? _first;
    private int _count;

    /// <summary>An empty part.</summary>
    public T Take()
    {
        if (_first is not { } part)
        {
            return new T();
        }

        _first = part.Next;
        _count--;
        part.Next = null;
        return part;
    }

    /// <summary>Empties a part that nobody refers to any more.</summary>
    public void Give(T part)
    {
        if (_count < Capacity)
        {
            part.Clear();
            part.Next = _first;
            _first = part;
            _count++;
        }
    }
}

/// <summary>A part of a line that can be linked to another.</summary>
/// <typeparam name="TSelf">Itself.</typeparam>
internal abstract class LinePart<TSelf>
    where TSelf : LinePart<TSelf>
{
    /// <summary>The part that follows, in the line or among the spare ones.</summary>
    public TSelf? Next;

    public abstract void Clear();
}
