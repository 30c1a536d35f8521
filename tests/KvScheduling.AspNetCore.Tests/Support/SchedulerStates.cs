namespace KvScheduling.AspNetCore.Tests;

/// <summary>Waits for what a scheduler publishes, which it does after each step: behind the answers that ended in it.</summary>
internal static class SchedulerStates
{
    public static async Task<SchedulerSnapshot> WhenAsync(this IKvScheduler scheduler, Predicate<SchedulerSnapshot> condition)
    {
        using CancellationTokenSource patience = new(TestServer.Patience);
        SchedulerSnapshot state = scheduler.GetSnapshot();
        while (!condition(state))
        {
            await Task.Delay(5, patience.Token);
            state = scheduler.GetSnapshot();
        }

        return state;
    }
}
