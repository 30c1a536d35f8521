namespace KvScheduling.Tests;

public sealed class HungDisposalTests
{
    /// <summary>The watchdog rescues requests by a fresh engine; a loop that has ended has none.</summary>
    [Fact]
    public async Task DisposeAsync_DisposalOfTheEngineHangs_EndsWithoutAFreshEngine()
    {
        var time = new ManualTimeProvider();
        var isDisposing = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var never = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        int built = 0;
        KvSchedulerHost host = await TestHost.StartAsync(
            () =>
            {
                built++;
                return new HangingEngine(new ScriptedEngine(), isDisposing, never.Task);
            },
            static options => (options.StallTimeout, options.ShutdownTimeout) = (TimeSpan.FromSeconds(60), TimeSpan.FromMinutes(5)),
            time);
        GenerationRequest request = TestHost.Request(1);
        Assert.Equal(TestHost.Expected(request), await TestHost.TokensAsync(host.Scheduler.Submit(request)));

        Task disposal = host.DisposeAsync().AsTask();
        await isDisposing.Task;
        time.Advance(TimeSpan.FromSeconds(90));
        await disposal.WaitAsync(TimeSpan.FromMinutes(5));
        Assert.Equal(SchedulerStatus.Stopped, host.Scheduler.GetSnapshot().Status);
        Assert.Equal(1, built);
        never.SetResult();
    }

    private sealed class HangingEngine(IInferenceEngine inner, TaskCompletionSource isDisposing, Task end) : DelegatingInferenceEngine(inner)
    {
        protected override void Dispose(bool disposing)
        {
            isDisposing.TrySetResult();
            end.GetAwaiter().GetResult();
            base.Dispose(disposing);
        }
    }
}
