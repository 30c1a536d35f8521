namespace KvScheduling;

/// <summary>Decides when waiting requests may start, beside the order in which they do: one per scheduler, for the lines of all priorities.</summary>
/// <remarks>Never asked about requests that ran before or that waited so long that they were promoted, and never while the engine is idle: a gate can delay, not stall.</remarks>
internal interface IStartGate
{
    /// <summary>What it does at present.</summary>
    SchedulingRegime Regime { get; }

    /// <summary>When the answer may change although nothing happens; null when it can't.</summary>
    TimeSpan? NextWake { get; }

    /// <summary>A step is planned: says from here on who may start.</summary>
    void Decide(in GateConditions conditions);

    /// <summary>Whether a waiting request is held back.</summary>
    bool IsHeld(SchedulableRequest request);

    /// <summary>A new request has joined its line.</summary>
    void OnQueued(SchedulableRequest request, TimeSpan now);

    /// <summary>A request that never ran has left its line.</summary>
    void OnLeft(SchedulableRequest request);

    /// <summary>A request completed.</summary>
    void OnCompleted(SchedulableRequest request);

    /// <summary>A step ran.</summary>
    void OnStep(in StepShape shape, TimeSpan duration);
}

/// <summary>A policy with a gate.</summary>
internal interface IGatingPolicy : ISchedulingPolicy
{
    /// <summary>The gate that this line and all that it makes share.</summary>
    IStartGate Gate { get; }

    /// <summary>Another line of the same order behind the same gate.</summary>
    ISchedulingPolicy CreateLine();
}

/// <summary>What a gate may look at when it decides.</summary>
/// <param name="Now">The time.</param>
/// <param name="Running">What runs.</param>
/// <param name="KvUsedTokens">KV in use, in tokens, whole blocks.</param>
internal readonly record struct GateConditions(TimeSpan Now, List<SequenceSlot> Running, long KvUsedTokens);
