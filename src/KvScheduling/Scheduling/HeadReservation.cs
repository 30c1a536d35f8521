namespace KvScheduling;

/// <summary>The earliest start of the blocked head, which requests that pass it must not move.</summary>
/// <remarks>Found once and kept until a planned end moves: a completion, an eviction, a new estimate, a sequence that stayed behind.</remarks>
internal sealed class HeadReservation(KvLedger ledger)
{
    private SchedulableRequest? _head;
    private KvDemand _demand;
    private long _version;
    private long _start;

    /// <summary>Whether the head still fits at its earliest start when another request starts now.</summary>
    public bool StaysWith(SchedulableRequest head, in KvDemand headDemand, in KvDemand other)
    {
        if (_head != head || _version != ledger.Version || _demand != headDemand || _start < ledger.Clock)
        {
            _head = head;
            _demand = headDemand;
            _version = ledger.Version;
            _start = ledger.EarliestStart(headDemand.Held, headDemand.Remaining);
        }

        // Who ends before the head starts is not in its way.
        return ledger.Clock + other.Remaining <= _start || ledger.FitsAtBeside(_start, headDemand.Held, headDemand.Remaining, other);
    }

    /// <summary>The other request was started: nothing can start earlier for that, and the reservation was just shown to hold.</summary>
    public void Keep() => _version = ledger.Version;
}
