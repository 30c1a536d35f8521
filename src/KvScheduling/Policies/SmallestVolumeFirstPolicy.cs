namespace KvScheduling;

/// <summary>Least volume first: SVF of arXiv 2606.22327.</summary>
internal sealed class SmallestVolumeFirstPolicy : StaticKeyPolicy
{
    public override string Name => SchedulingPolicies.SmallestVolumeFirst;

    protected override long Key(SchedulableRequest request) => RequestSize.Volume(RequestSize.Prompt(request), RequestSize.Output(request));
}
