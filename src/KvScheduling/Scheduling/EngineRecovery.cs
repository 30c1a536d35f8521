namespace KvScheduling;

/// <summary>When an engine may be built again: a bound over the last ten minutes, and what the new one must be able to do.</summary>
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

    /// <exception cref="EngineFaultException">The engine that was built again has not all that requests were promised of the first.</exception>
    public static void RequireSameShape(EngineDescription first, EngineDescription rebuilt)
    {
        if (rebuilt.KvCapacityTokens < first.KvCapacityTokens || rebuilt.BlockTokens != first.BlockTokens
            || rebuilt.MaxSequences < first.MaxSequences || rebuilt.MaxContextTokens < first.MaxContextTokens || rebuilt.VocabularySize != first.VocabularySize)
        {
            throw new EngineFaultException($"The engine that was built again ({rebuilt}) is smaller than the first ({first}); its requests can't go on.", isFatal: true);
        }
    }
}
