namespace KvScheduling.Baselines;

/// <summary>A_max: shortest upper end first. That starts also reserve for the upper end is <see cref="KvReservation.Guaranteed"/>, under which the estimate is the limit.</summary>
internal sealed class UpperEndPolicy : StaticKeyPolicy
{
    public override string Name => IntervalPolicies.AMax;

    protected override long Key(SchedulableRequest request) => request.MaxOutputTokens;
}
