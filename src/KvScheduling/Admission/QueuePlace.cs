namespace KvScheduling;

/// <summary>A place in the line, taken before the prompt is known, so that no work is spent on a request that would be refused. Give it to Submit, or dispose it.</summary>
public sealed class QueuePlace : IDisposable
{
    private Action? _release;

    internal QueuePlace(Action release) => _release = release;

    /// <summary>Gives the place back unless a request has taken it over.</summary>
    public void Dispose() => Interlocked.Exchange(ref _release, null)?.Invoke();

    /// <summary>Hands the place over to a request; false when it was used or given back before.</summary>
    internal bool TryTake() => Interlocked.Exchange(ref _release, null) is not null;
}
