namespace KvScheduling;

/// <summary>Least prompt + estimated output first.</summary>
internal sealed class SmallestPeakFirstPolicy : StaticKeyPolicy
{
    public override string Name => SchedulingPolicies.SmallestPeakFirst;

    protected override long Key(SchedulableRequest request) => RequestSize.Peak(RequestSize.Prompt(request), RequestSize.Output(request));
}
