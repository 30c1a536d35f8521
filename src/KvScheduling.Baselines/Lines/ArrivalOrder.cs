namespace KvScheduling.Baselines;

/// <summary>Those that were evicted, then first come, first served.</summary>
internal sealed class ArrivalOrder : ILineOrder
{
    public LineKey KeyOf(SchedulableRequest request) => new(0, !request.Place.IsResumed, 0, (ulong)request.ArrivalIndex);

    public void OnStarted(SchedulableRequest request)
    {
    }
}
