namespace KvScheduling;

/// <summary>How much KV the ledger reserves for output not yet generated.</summary>
public enum KvReservation
{
    /// <summary>The estimate (caller's hint, else a quantile of past outputs, else the limit). Evicts as the last resort when estimates were too low; progress is kept.</summary>
    Predicted,

    /// <summary>The request's limit. Never evicts.</summary>
    Guaranteed,
}
