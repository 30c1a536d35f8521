namespace KvScheduling;

/// <summary>What a <see cref="SimulatedEngine"/> can be made to do wrong.</summary>
public enum SimulatedFault
{
    /// <summary>The step throws; the engine goes on.</summary>
    StepFailure,

    /// <summary>The step throws and the engine is lost.</summary>
    EngineLoss,

    /// <summary>
    /// The step does not end until <see cref="SimulatedFaults.ReleaseHang"/> is called or the engine is disposed; after a release it is carried out.
    /// </summary>
    Hang,

    /// <summary>The step takes <see cref="SimulatedFaults.SlowStepFactor"/> times as long.</summary>
    SlowStep,

    /// <summary>A sequence finds no KV: <see cref="SequenceStatus.OutOfCapacity"/>.</summary>
    OutOfCapacity,

    /// <summary>A sequence can't go on: <see cref="SequenceStatus.Failed"/>.</summary>
    SequenceFailure,
}
