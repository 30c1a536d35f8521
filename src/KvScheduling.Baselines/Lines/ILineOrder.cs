namespace KvScheduling.Baselines;

/// <summary>The order of a line.</summary>
internal interface ILineOrder
{
    /// <summary>The place of a request that joins the line; the least goes first.</summary>
    LineKey KeyOf(SchedulableRequest request);

    /// <summary>A request of the line started.</summary>
    void OnStarted(SchedulableRequest request);
}

/// <summary>A place in a line, compared from the left.</summary>
internal readonly record struct LineKey(long Tier, bool IsNew, double Tag, ulong Order) : IComparable<LineKey>
{
    public int CompareTo(LineKey other) =>
        Tier != other.Tier ? Tier.CompareTo(other.Tier)
        : IsNew != other.IsNew ? IsNew.CompareTo(other.IsNew)
        : Tag != other.Tag ? Tag.CompareTo(other.Tag)
        : Order.CompareTo(other.Order);
}
