namespace KvScheduling.Conformance;

/// <summary>Holds the steps of engines until it is opened, so that a test has all its requests in the line before anything runs.</summary>
public sealed class StepGate
{
    private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Lets the steps go, for good.</summary>
    public void Open() => _opened.TrySetResult();

    /// <summary>Waits until the gate is open.</summary>
    public void Pass() => _opened.Task.GetAwaiter().GetResult();
}
