namespace KvScheduling;

/// <summary>Least estimated output first: MC-SF of arXiv 2502.07115.</summary>
internal sealed class ShortestOutputFirstPolicy : StaticKeyPolicy
{
    public override string Name => SchedulingPolicies.ShortestOutputFirst;

    protected override long Key(SchedulableRequest request) => RequestSize.Output(request);
}
