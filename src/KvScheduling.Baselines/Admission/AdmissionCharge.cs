namespace KvScheduling.Baselines;

/// <summary>What a request must find free to start. That its prompt fits physically is tested beside it, for every rule.</summary>
internal abstract class AdmissionCharge
{
    /// <summary>Whether a request may start beside what runs.</summary>
    public abstract bool Admits(SchedulableRequest request, SchedulerState state);

    /// <summary>Whether a request may start when nothing else runs; one that may not is refused.</summary>
    public virtual bool CanEver(SchedulableRequest request, SchedulerState state) => true;

    /// <summary>A step with decodes was planned.</summary>
    public virtual void OnDecodes()
    {
    }

    /// <summary>Nothing runs.</summary>
    public virtual void OnIdle()
    {
    }

    /// <summary>Somebody was evicted.</summary>
    public virtual void OnEvicted(SchedulerState state)
    {
    }

    /// <summary>Blocks that a request holds when it has all the output it may have.</summary>
    protected static long WorstCase(SchedulableRequest request, SchedulerState state) => state.Ledger.Blocks((long)request.PromptTokens + request.MaxOutputTokens);
}
