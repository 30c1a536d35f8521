namespace KvScheduling;

/// <summary>An entry of a line that is ordered by a key: least key first, then least minor key, then arrival. No two entries of a line arrived at the same
/// place, so that the order is total.</summary>
internal readonly record struct OrderedEntry(long Key, uint Minor, uint Ticket, long Arrival, SchedulableRequest Request) : IComparable<OrderedEntry>
{
    /// <summary>Whether its request is still in the line because of this entry.</summary>
    public bool IsLiving => Request.Place.PolicyTicket == Ticket;

    public bool Precedes(in OrderedEntry other) =>
        Key != other.Key ? Key < other.Key : Minor != other.Minor ? Minor < other.Minor : Arrival < other.Arrival;

    public int CompareTo(OrderedEntry other) => Precedes(other) ? -1 : other.Precedes(this) ? 1 : 0;
}
