namespace KvScheduling.Conformance;

/// <summary>How a test waits for the loop's thread, however slow the machine is.</summary>
public static class Patient
{
    /// <summary>Bounds a hang; nothing that goes well takes a noticeable part of it.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    /// <summary>Options whose watchdog and shutdown can't take a slow machine for a hung engine.</summary>
    public static KvSchedulingOptions Options() => new() { CheckInvariants = true, StallTimeout = Longest, ShutdownTimeout = Longest };

    /// <summary>The state as the loop publishes it: a caller can be told of its end before the state is there.</summary>
    /// <param name="scheduler">The scheduler.</param>
    /// <param name="condition">What the state must come to.</param>
    /// <returns>The first state that fulfils the condition.</returns>
    public static async Task<SchedulerSnapshot> SnapshotAsync(IKvScheduler scheduler, Func<SchedulerSnapshot, bool> condition)
    {
        ArgumentNullException.ThrowIfNull(scheduler);
        ArgumentNullException.ThrowIfNull(condition);
        using CancellationTokenSource limit = new(Longest);
        while (true)
        {
            SchedulerSnapshot state = scheduler.GetSnapshot();
            if (condition(state))
            {
                return state;
            }

            Assert.False(limit.IsCancellationRequested, $"The state did not become what was expected within {Longest}; it is {state}.");
            await Task.Delay(1);
        }
    }

    /// <summary>The state when nothing waits or runs any more.</summary>
    /// <param name="scheduler">The scheduler.</param>
    /// <param name="ended">How many requests have ended, in whatever way.</param>
    /// <returns>The state.</returns>
    public static Task<SchedulerSnapshot> SettledAsync(IKvScheduler scheduler, long ended) => SnapshotAsync(
        scheduler,
        state => state is { RunningRequests: 0, WaitingRequests: 0 }
            && state.CompletedRequests + state.CancelledRequests + state.RejectedRequests + state.FailedRequests == ended);
}
