namespace KvScheduling;

/// <summary>An entry of a request queue that is ordered by a key: least key first, then least minor key, then arrival.</summary>
internal readonly record struct OrderedEntry(long Key, uint Minor, uint Ticket, long Arrival, SchedulableRequest Request)
{
    public bool Precedes(in OrderedEntry other) =>
        Key != other.Key ? Key < other.Key : Minor != other.Minor ? Minor < other.Minor : Arrival < other.Arrival;
}
