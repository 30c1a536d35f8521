namespace KvScheduling.Baselines;

/// <summary>By priority, and in no order worth the name among equals: a heap without a key for ties.</summary>
/// <remarks>Deterministic all the same: equals go by a mixed order of arrival, which only the heap's history would decide in the original.</remarks>
internal sealed class PriorityOrder : ILineOrder
{
    private const ulong Mixer = 0x9E3779B97F4A7C15;

    public LineKey KeyOf(SchedulableRequest request)
    {
        // An odd factor maps numbers one to one, so that no two requests share a key.
        ulong mixed = ((ulong)request.ArrivalIndex + 1) * Mixer;
        return new LineKey(-(long)request.Priority, IsNew: true, 0, mixed);
    }

    public void OnStarted(SchedulableRequest request)
    {
    }
}
