namespace KvScheduling.ManagedEngine;

/// <summary>Work in phases that follow each other; the units of one phase are independent and can be computed by any thread in any order.</summary>
internal interface IPhasedWork
{
    int PhaseCount { get; }

    /// <summary>The units of a phase, at most <see cref="WorkerTeam.MaxUnits"/>; a phase of none is skipped.</summary>
    int UnitsOf(int phase);

    /// <summary>Computes units from <paramref name="first"/> up to <paramref name="end"/>.</summary>
    /// <param name="phase">The phase.</param>
    /// <param name="first">The first unit.</param>
    /// <param name="end">The unit after the last.</param>
    /// <param name="thread">The thread's number, for its scratch memory.</param>
    void Execute(int phase, int first, int end, int thread);
}
