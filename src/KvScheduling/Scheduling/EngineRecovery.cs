namespace KvScheduling;

/// <summary>How often an engine may be built again: a bound over the last ten minutes.</summary>
internal sealed class EngineRecovery(int maxRestarts)
{
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(10);
    private readonly Queue<TimeSpan> _restarts = new();

    public bool TryRestart(TimeSpan now)
    {
        while (_restarts.TryPeek(out TimeSpan oldest) && now - oldest > Window)
        {
            _restarts.Dequeue();
        }

        if (_restarts.Count >= maxRestarts)
        {
            return false;
        }

        _restarts.Enqueue(now);
        return true;
    }
}
