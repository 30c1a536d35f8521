namespace KvScheduling;

/// <summary>How a step is planned over the scheduler's state: who starts, who gives way, what is computed.</summary>
/// <remarks>The state keeps line, slots and ledger consistent whatever a discipline does; deadlines, cancellation, faults and recovery are handled around it. A discipline must leave the KV
/// of everybody within the budget, after the plan and after the step.</remarks>
internal interface IStepDiscipline
{
    /// <summary>Why the head of the line waits; none when nothing does.</summary>
    DecisionReason HeadWaitReason { get; }

    /// <summary>When it must plan again although nothing happens; null when never.</summary>
    TimeSpan? NextWake { get; }

    /// <summary>Plans a step.</summary>
    void Plan(StepPlan plan, TimeSpan now);

    /// <summary>Nothing starts in this step: the engine recovers from a fault.</summary>
    void Block(DecisionReason reason, TimeSpan now);
}

/// <summary>A policy that plans whole steps by rules of its own.</summary>
internal interface IDisciplinedPolicy : ISchedulingPolicy
{
    /// <summary>Makes the discipline of a scheduler.</summary>
    /// <exception cref="InvalidOperationException">The engine can't do what the discipline needs.</exception>
    IStepDiscipline CreateDiscipline(SchedulerState state);
}
