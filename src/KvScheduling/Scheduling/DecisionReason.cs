namespace KvScheduling;

/// <summary>The one true reason of a decision: why a request started, waits, was evicted or was refused.</summary>
public enum DecisionReason
{
    /// <summary>Nothing was decided yet.</summary>
    None,

    /// <summary>Started as the head of the line.</summary>
    StartedAsHead,

    /// <summary>Started as the head because it had waited longer than <see cref="KvSchedulingOptions.PromoteAfter"/>.</summary>
    StartedByPromotion,

    /// <summary>Started past a blocked head whose earliest start it does not move.</summary>
    StartedByBackfill,

    /// <summary>Started on an idle engine although its estimate does not fit beside the reserve.</summary>
    StartedAlone,

    /// <summary>Waits as the head: its forward peak does not fit the KV budget beside what runs.</summary>
    WaitsForKv,

    /// <summary>Waits: every slot, or <see cref="KvSchedulingOptions.MaxRunningRequests"/>, is taken.</summary>
    WaitsForSlot,

    /// <summary>Waits: as many prompts as may be computed at once are being computed, or the step's token budget is used up.</summary>
    WaitsForPrefill,

    /// <summary>Waits although it would fit: the policy forms a batch of requests that start together, or lets later ones drain first.</summary>
    WaitsForCohort,

    /// <summary>Waits behind a blocked head; starting it would move the head's earliest start, or it was not looked at.</summary>
    WaitsBehindHead,

    /// <summary>Waits: the engine recovers from a fault and suspects are tried alone.</summary>
    WaitsForRecovery,

    /// <summary>Evicted: the next step would not have fitted.</summary>
    EvictedForKv,

    /// <summary>Evicted: the engine, or the step it was part of, failed.</summary>
    EvictedByFault,

    /// <summary>Refused or ended: see <see cref="SchedulingRejection"/>.</summary>
    Rejected,

    /// <summary>Ended by its caller.</summary>
    Cancelled,

    /// <summary>Ended by itself.</summary>
    Completed,

    /// <summary>Ended by an error of the engine.</summary>
    Failed,
}
