namespace KvScheduling;

/// <summary>The earliest start of the blocked head, which requests that pass it must not move.</summary>
/// <remarks>Found once and kept until a planned end moves: a completion, an eviction, a new estimate, a sequence that stayed behind.</remarks>
internal sealed class HeadReservation(KvLedger ledger)
{
    private SchedulableRequest? _head;
    private int _output;
    private long _version;
    private long _start;

    /// <summary>Whether the head still fits at its earliest start when another request starts now.</summary>
    public bool StaysWith(SchedulableRequest head, int headOutput, in KvDemand other)
    {
        // The head is taken to share nothing: what it could share now may be gone by then.
        int held = head.TokensToCompute;
        int remaining = headOutput - head.GeneratedTokens;
        if (_head != head || _version != ledger.Version || _output != headOutput || _start < ledger.Clock)
        {
            _head = head;
            _output = headOutput;
            _version = ledger.Version;
            _start = ledger.EarliestStart(held, remaining);
        }

        // Who ends before the head starts is not in its way.
        return ledger.Clock + other.Remaining <= _start || ledger.FitsAtBeside(_start, held, remaining, other);
    }

    /// <summary>The other request was started: nothing can start earlier for that, and the reservation was just shown to hold.</summary>
    public void Keep() => _version = ledger.Version;
}
