namespace KvScheduling;

/// <summary>Which ticket of a request tells a queue that an entry is still meant: removal only clears the ticket, and the entry is dropped when it comes
/// up.</summary>
internal interface IRequestTicket
{
    static abstract uint Of(SchedulableRequest request);
}

/// <summary>Membership in a policy's line.</summary>
internal readonly struct PolicyTicket : IRequestTicket
{
    public static uint Of(SchedulableRequest request) => request.Place.PolicyTicket;
}

/// <summary>Membership in the order of arrival beside a policy's line.</summary>
internal readonly struct ArrivalTicket : IRequestTicket
{
    public static uint Of(SchedulableRequest request) => request.Place.ArrivalTicket;
}

/// <summary>The present wait in the scheduler's line.</summary>
internal readonly struct WaitTicket : IRequestTicket
{
    public static uint Of(SchedulableRequest request) => request.Place.WaitTicket;
}
