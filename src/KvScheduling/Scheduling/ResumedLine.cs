namespace KvScheduling;

/// <summary>Evicted requests of one priority, in the order they first arrived.</summary>
internal sealed class ResumedLine : StaticKeyPolicy
{
    public override string Name => "resumed";

    protected override long Key(SchedulableRequest request) => request.ArrivalIndex;
}
