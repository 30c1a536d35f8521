namespace KvScheduling.AspNetCore.Tests;

/// <summary>Lets an engine do so many steps and holds it before the next, however late anybody looks.</summary>
/// <param name="freeSteps">The steps that are done without asking.</param>
internal sealed class StepGate(int freeSteps) : IDisposable
{
    private readonly SemaphoreSlim _steps = new(freeSteps);
    private readonly TaskCompletionSource _held = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _isOpen;

    /// <summary>Ends when the engine is held for the first time.</summary>
    public Task Held => _held.Task;

    /// <summary>Called on the loop's thread before each step.</summary>
    public void Pass()
    {
        if (_isOpen || _steps.Wait(0))
        {
            return;
        }

        _held.TrySetResult();
        if (!_steps.Wait(TestServer.Patience))
        {
            throw new TimeoutException("Nobody let the engine go on.");
        }
    }

    /// <summary>Lets one step more be done.</summary>
    public void LetOne() => _steps.Release();

    /// <summary>Lets all steps be done.</summary>
    public void Open()
    {
        _isOpen = true;
        _steps.Release();
    }

    /// <summary>Opens the gate, so that a test that fails does not leave its engine held.</summary>
    public void Dispose() => Open();
}
