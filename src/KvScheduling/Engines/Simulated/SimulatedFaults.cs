using System.Collections.Concurrent;

namespace KvScheduling;

/// <summary>Faults that a <see cref="SimulatedEngine"/> injects, so that an application can see how it fares when its engine fails.</summary>
/// <remarks>
/// Seeded: the same settings and the same steps give the same faults. Steps are counted over every engine built with the same object, from 1, so that an
/// engine that is built again after
/// <see cref="SimulatedFault.EngineLoss"/> does not lose itself at the same step for ever. Settings are made before the engine runs; <see cref="Trigger"/>
/// and <see cref="ReleaseHang"/> may be called from any thread.
/// </remarks>
public sealed class SimulatedFaults
{
    private readonly ConcurrentQueue<SimulatedFault> _triggered = new();
    private long _steps;
    private long _injected;

    /// <summary>The seed of everything below that is drawn at random.</summary>
    /// <value>The default value is 0.</value>
    public long Seed { get; set; }

    /// <summary>Faults at given steps, counted from 1. Where a fault needs a sequence, the first one of the step has it.</summary>
    /// <value>Empty by default.</value>
    public IDictionary<long, SimulatedFault> AtSteps { get; } = new Dictionary<long, SimulatedFault>();

    /// <summary>The probability that a step throws.</summary>
    /// <value>From 0 to 1. The default value is 0.</value>
    public double StepFailureProbability { get; set; }

    /// <summary>The probability that a step throws and the engine is lost.</summary>
    /// <value>From 0 to 1. The default value is 0.</value>
    public double EngineLossProbability { get; set; }

    /// <summary>The probability that a step is slow.</summary>
    /// <value>From 0 to 1. The default value is 0.</value>
    public double SlowStepProbability { get; set; }

    /// <summary>How many times as long a slow step takes.</summary>
    /// <value>At least 1. The default value is 10.</value>
    public double SlowStepFactor { get; set; } = 10;

    /// <summary>The probability, for each sequence in each step, that it finds no KV.</summary>
    /// <value>From 0 to 1. The default value is 0.</value>
    public double OutOfCapacityProbability { get; set; }

    /// <summary>Slots whose sequences never find KV.</summary>
    /// <value>Empty by default.</value>
    public ISet<int> OutOfCapacitySlots { get; } = new HashSet<int>();

    /// <summary>The probability, for each sequence in each step, that it can't go on.</summary>
    /// <value>From 0 to 1. The default value is 0.</value>
    public double SequenceFailureProbability { get; set; }

    /// <summary>A token id that, in a prompt, makes every step with that sequence throw: the request that takes its whole batch down.</summary>
    /// <value>The default value is <see langword="null"/>: none.</value>
    public int? PoisonToken { get; set; }

    /// <summary>A token id that, in a prompt, makes the engine refuse to start the sequence.</summary>
    /// <value>The default value is <see langword="null"/>: none.</value>
    public int? RefusedToken { get; set; }

    /// <summary>Steps begun so far, by all engines built with this object.</summary>
    public long Steps => Interlocked.Read(ref _steps);

    /// <summary>Faults injected so far.</summary>
    public long Injected => Interlocked.Read(ref _injected);

    /// <summary>Injects a fault into the next step; several calls hit one step each.</summary>
    /// <param name="fault">The fault.</param>
    public void Trigger(SimulatedFault fault) => _triggered.Enqueue(fault);

    /// <summary>Lets the step that hangs go on; the next hang is skipped when none is on.</summary>
    public void ReleaseHang() => HangReleased?.Invoke();

    internal event Action? HangReleased;

    internal void Validate()
    {
        CheckProbability(StepFailureProbability, nameof(StepFailureProbability));
        CheckProbability(EngineLossProbability, nameof(EngineLossProbability));
        CheckProbability(SlowStepProbability, nameof(SlowStepProbability));
        CheckProbability(OutOfCapacityProbability, nameof(OutOfCapacityProbability));
        CheckProbability(SequenceFailureProbability, nameof(SequenceFailureProbability));
        if (!(SlowStepFactor >= 1) || double.IsInfinity(SlowStepFactor))
        {
            throw new ArgumentOutOfRangeException(
                nameof(SlowStepFactor), SlowStepFactor, $"{nameof(SimulatedFaults)}.{nameof(SlowStepFactor)} must be a finite number of at least 1.");
        }
    }

    internal long BeginStep() => Interlocked.Increment(ref _steps);

    /// <summary>The fault of a step; at most one.</summary>
    internal SimulatedFault? FaultOf(long step)
    {
        SimulatedFault? fault = AtSteps.TryGetValue(step, out SimulatedFault planned) ? planned
            : _triggered.TryDequeue(out SimulatedFault triggered) ? triggered
            : Happens(EngineLossProbability, step, SimulatedFault.EngineLoss, 0) ? SimulatedFault.EngineLoss
            : Happens(StepFailureProbability, step, SimulatedFault.StepFailure, 0) ? SimulatedFault.StepFailure
            : Happens(SlowStepProbability, step, SimulatedFault.SlowStep, 0) ? SimulatedFault.SlowStep
            : null;
        if (fault is not null)
        {
            Interlocked.Increment(ref _injected);
        }

        return fault;
    }

    /// <summary>The fault of one sequence in a step.</summary>
    internal SequenceStatus StatusOf(long step, int slot)
    {
        bool hasNoKv = OutOfCapacitySlots.Contains(slot) || Happens(OutOfCapacityProbability, step, SimulatedFault.OutOfCapacity, slot);
        SequenceStatus status = hasNoKv ? SequenceStatus.OutOfCapacity
            : Happens(SequenceFailureProbability, step, SimulatedFault.SequenceFailure, slot) ? SequenceStatus.Failed
            : SequenceStatus.Ok;
        if (status != SequenceStatus.Ok)
        {
            Interlocked.Increment(ref _injected);
        }

        return status;
    }

    private bool Happens(double probability, long step, SimulatedFault fault, int slot) =>
        probability > 0 && StableHash.Unit(StableHash.Mix(StableHash.Mix((ulong)Seed, (ulong)step), ((ulong)fault << 32) | (uint)slot)) < probability;

    private static void CheckProbability(double value, string name)
    {
        if (!(value >= 0 && value <= 1))
        {
            throw new ArgumentOutOfRangeException(name, value, $"{nameof(SimulatedFaults)}.{name} must be from 0 to 1.");
        }
    }
}
