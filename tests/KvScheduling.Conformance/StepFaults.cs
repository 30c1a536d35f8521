namespace KvScheduling.Conformance;

/// <summary>At which steps a <see cref="FaultyEngine"/> fails, counted from 1 over every engine built with the same object.</summary>
public sealed class StepFaults
{
    private int _steps;

    /// <summary>Steps that throw before anything is done.</summary>
    public IReadOnlyCollection<int> BeforeStep { get; init; } = [];

    /// <summary>Steps that throw after everything is done, so that the events are lost and the sequences are one ahead of what their caller knows.</summary>
    public IReadOnlyCollection<int> AfterStep { get; init; } = [];

    /// <summary>Steps that throw after everything is done, and lose the engine.</summary>
    public IReadOnlyCollection<int> Fatal { get; init; } = [];

    /// <summary>Steps begun.</summary>
    public int Steps => Volatile.Read(ref _steps);

    internal int Begin() => Interlocked.Increment(ref _steps);
}
