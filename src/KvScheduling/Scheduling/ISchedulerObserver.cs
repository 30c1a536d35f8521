namespace KvScheduling;

/// <summary>Told of every decision, on the loop's thread. Must be fast and must not throw.</summary>
internal interface ISchedulerObserver
{
    void OnDecision(SchedulableRequest request, DecisionReason reason, TimeSpan now);

    /// <summary>An adapting policy does something else from now on.</summary>
    void OnRegime(SchedulingRegime before, SchedulingRegime after, int waiting, int running, TimeSpan now)
    {
    }
}
