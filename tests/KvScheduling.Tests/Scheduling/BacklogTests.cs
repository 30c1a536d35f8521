using System.Runtime.CompilerServices;

namespace KvScheduling.Tests;

public sealed class BacklogTests
{
    [Fact]
    public async Task DrainAsync_BacklogFarAboveTheLine_YieldsEveryRequestOnce()
    {
        await using KvSchedulerHost host = await TestHost.StartAsync(new ScriptedEngine(maxSequences: 8), options => options.MaxQueuedRequests = 5);
        GenerationRequest[] requests = [.. Enumerable.Range(0, 100).Select(i => TestHost.Request(i, 3 + (i % 20), 1 + (i % 9)))];
        var seen = new HashSet<int>();
        BacklogProgress last = default;
        await foreach (BacklogResult result in host.Scheduler.DrainAsync(ToAsync(requests), new Recorder(progress => last = progress)))
        {
            Assert.True(seen.Add(result.Index));
            Assert.Equal(TestHost.Expected(requests[result.Index]), result.Result!.OutputTokens.ToArray());
        }

        Assert.Equal(100, seen.Count);
        Assert.Equal(new BacklogProgress(100, 100, 0, requests.Sum(request => (long)request.MaxOutputTokens!.Value)), last);
    }

    [Fact]
    public async Task DrainAsync_OneRequestCanNeverFit_IsAResultAndTheOthersGoOn()
    {
        await using KvSchedulerHost host = await TestHost.StartAsync(new ScriptedEngine(kvCapacityTokens: 64));
        GenerationRequest[] requests = [TestHost.Request(0), TestHost.Request(1, 60, 60), TestHost.Request(2)];
        var errors = new Dictionary<int, Exception?>();
        await foreach (BacklogResult result in host.Scheduler.DrainAsync(ToAsync(requests)))
        {
            errors.Add(result.Index, result.Error);
        }

        Assert.Null(errors[0]);
        Assert.Null(errors[2]);
        Assert.Equal(SchedulingRejection.TooLong, Assert.IsType<SchedulingRejectedException>(errors[1]).Reason);
    }

    [Fact]
    public async Task DrainAsync_SourceThrows_ThrowsAfterWhatWasTaken()
    {
        using var gate = new ManualResetEventSlim();
        await using KvSchedulerHost host = await TestHost.StartAsync(new ScriptedEngine { BeforeStep = _ => gate.Wait() });
        List<int> read = [];
        await Assert.ThrowsAsync<FormatException>(async () =>
        {
            await foreach (BacklogResult result in host.Scheduler.DrainAsync(Broken()))
            {
                read.Add(result.Index);
            }
        });
        Assert.Equal([0, 1, 2], read.Order());
        async IAsyncEnumerable<GenerationRequest> Broken()
        {
            for (int i = 0; i < 3; i++)
            {
                yield return TestHost.Request(i);
            }

            await Task.Yield();

            // None of them is done when the source fails.
            gate.Set();
            throw new FormatException("row 4");
        }
    }

    [Fact]
    public async Task DrainAsync_ReaderLeavesEarly_CancelsWhatIsLeft()
    {
        using var left = new ManualResetEventSlim();
        var engine = new ScriptedEngine(maxSequences: 2) { BeforeStep = step => { if (step > 200) { left.Wait(); } } };
        await using KvSchedulerHost host = await TestHost.StartAsync(engine);
        GenerationRequest[] requests = [.. Enumerable.Range(0, 50).Select(i => TestHost.Request(i, 8, 40))];
        await foreach (BacklogResult result in host.Scheduler.DrainAsync(ToAsync(requests)))
        {
            break;
        }

        left.Set();
        await TestHost.UntilAsync(() => host.Scheduler.GetSnapshot() is { RunningRequests: 0, WaitingRequests: 0 });
        Assert.True(host.Scheduler.GetSnapshot().CompletedRequests < 50);
    }

    [Fact]
    public async Task DrainAsync_Cancelled_ThrowsWithTheCallersTokenAndYieldsNothingThatWasCancelled()
    {
        for (int run = 0; run < 20; run++)
        {
            using var cancellation = new CancellationTokenSource();
            int last = 5 + run;
            var engine = new ScriptedEngine(maxSequences: 1 + (run % 8)) { BeforeStep = step => { if (step == last) { cancellation.Cancel(); } } };
            await using KvSchedulerHost host = await TestHost.StartAsync(engine);
            GenerationRequest[] requests = [.. Enumerable.Range(0, 50).Select(i => TestHost.Request(i, 8, 6))];
            BacklogProgress progress = default;
            OperationCanceledException error = await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
            {
                await foreach (BacklogResult result in host.Scheduler.DrainAsync(ToAsync(requests), new Recorder(value => progress = value), cancellation.Token))
                {
                    Assert.NotNull(result.Result);
                }
            });
            Assert.Equal(cancellation.Token, error.CancellationToken);
            Assert.Equal(0, progress.Failed);
            await TestHost.UntilAsync(() => host.Scheduler.GetSnapshot() is { RunningRequests: 0, WaitingRequests: 0 });
        }
    }

    [Fact]
    public async Task DrainAsync_CancelledBetweenResults_ThrowsAlthoughMoreAreThere()
    {
        using var cancellation = new CancellationTokenSource();
        await using KvSchedulerHost host = await TestHost.StartAsync(new ScriptedEngine());
        GenerationRequest[] requests = [.. Enumerable.Range(0, 10).Select(i => TestHost.Request(i))];
        int read = 0;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (BacklogResult result in host.Scheduler.DrainAsync(ToAsync(requests), null, cancellation.Token))
            {
                read++;
                await TestHost.UntilAsync(() => host.Scheduler.GetSnapshot().CompletedRequests == requests.Length);
                await cancellation.CancelAsync();
            }
        });
        Assert.Equal(1, read);
    }

    private static async IAsyncEnumerable<GenerationRequest> ToAsync(GenerationRequest[] requests, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        foreach (GenerationRequest request in requests)
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return request;
        }

        await Task.CompletedTask;
    }

    private sealed class Recorder(Action<BacklogProgress> report) : IProgress<BacklogProgress>
    {
        public void Report(BacklogProgress value) => report(value);
    }
}
