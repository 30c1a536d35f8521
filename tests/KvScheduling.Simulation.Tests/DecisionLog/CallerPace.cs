namespace KvScheduling.Simulation.Tests;

/// <summary>Who of the callers gives up or has enough, and where. Holds the engine there until they have done so, and at first until half of them are in the line.</summary>
/// <remarks>So a log has its evictions, cancellations and ends whichever thread is quicker.</remarks>
internal sealed class CallerPace
{
    private readonly TaskCompletionSource _areInLine = NewSignal();
    private readonly Dictionary<int, (int Index, TaskCompletionSource HasActed)> _callers;
    private int _missing;

    public CallerPace(int requests)
    {
        _callers = Enumerable.Range(0, requests).ToDictionary(PromptTokens, static index => (index, NewSignal()));
        _missing = (requests + 1) / 2;
    }

    /// <summary>The length of a caller's prompt, which is no other's.</summary>
    public static int PromptTokens(int index) => 16 + (index * 37 % 150);

    /// <summary>Whether a caller who acts cancels; the others finish.</summary>
    public static bool Cancels(int index) => index % 5 == 0;

    /// <summary>The token after which a caller acts; null for those who read to the end.</summary>
    public static int? ActsAt(int index) => Cancels(index) ? 6 : index % 13 == 0 ? 9 : null;

    /// <summary>A request is in the line, or was refused.</summary>
    public void OnSubmitted()
    {
        if (Interlocked.Decrement(ref _missing) == 0)
        {
            _areInLine.SetResult();
        }
    }

    /// <summary>A caller has acted, or its request has ended.</summary>
    public void OnActed(int index) => _callers[PromptTokens(index)].HasActed.TrySetResult();

    /// <summary>Waits until half of the requests are in the line.</summary>
    public void WaitForLine() => _areInLine.Task.GetAwaiter().GetResult();

    /// <summary>Waits until the caller with this prompt has acted, if it is to act before this many tokens are there.</summary>
    public void WaitForCaller(int promptTokens, int outputTokens)
    {
        (int index, TaskCompletionSource hasActed) = _callers[promptTokens];
        if (ActsAt(index) < outputTokens)
        {
            hasActed.Task.GetAwaiter().GetResult();
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
