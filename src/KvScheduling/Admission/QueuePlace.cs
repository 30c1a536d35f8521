namespace KvScheduling;

/// <summary>A place in the line, taken before the prompt is known, so that no work is spent on a request that would be refused. Give it to Submit, or dispose it.</summary>
public sealed class QueuePlace : IDisposable
{
    private readonly Door _door;
    private int _held = 1;

    internal QueuePlace(Door door, long tokens)
    {
        _door = door;
        Tokens = tokens;
    }

    /// <summary>Prompt tokens that the place includes already.</summary>
    internal long Tokens { get; }

    /// <summary>Whether it is for a request of a backlog that is drained.</summary>
    internal bool IsBacklog { get; init; }

    /// <summary>Gives the place back unless a request has taken it over.</summary>
    public void Dispose()
    {
        if (TryTake())
        {
            _door.Leave(Tokens);
        }
    }

    /// <summary>Hands the place over to a request; false when it was used or given back before.</summary>
    internal bool TryTake() => Interlocked.Exchange(ref _held, 0) == 1;
}
