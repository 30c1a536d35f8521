namespace KvScheduling;

/// <summary>Earliest deadline first; requests without one come behind those that have one, by arrival.</summary>
internal sealed class EarliestDeadlinePolicy : StaticKeyPolicy
{
    public override string Name => SchedulingPolicies.EarliestDeadline;

    protected override long Key(SchedulableRequest request) => request.Deadline is TimeSpan deadline
        ? (long)Int128.Min((Int128)request.ArrivalTime.Ticks + deadline.Ticks, long.MaxValue - 1)
        : long.MaxValue;
}
