namespace KvScheduling;

/// <summary>Tells two observers.</summary>
internal sealed class ObserverPair(ISchedulerObserver first, ISchedulerObserver second) : ISchedulerObserver
{
    public void OnDecision(SchedulableRequest request, DecisionReason reason, TimeSpan now)
    {
        first.OnDecision(request, reason, now);
        second.OnDecision(request, reason, now);
    }

    public void OnRegime(SchedulingRegime before, SchedulingRegime after, int waiting, int running, TimeSpan now)
    {
        first.OnRegime(before, after, waiting, running, now);
        second.OnRegime(before, after, waiting, running, now);
    }
}
