namespace KvScheduling.Tests;

public sealed class LoopTests
{
    [Fact]
    public async Task Submit_Request_DeliversEveryTokenInOrderAndTheResult()
    {
        await using KvSchedulerHost host = await TestHost.StartAsync(new ScriptedEngine());
        GenerationRequest request = TestHost.Request(1, promptTokens: 20, maxOutputTokens: 9);
        await using Generation generation = host.Scheduler.Submit(request);
        Assert.Equal(TestHost.Expected(request), await TestHost.TokensAsync(generation));
        Assert.Equal(TestHost.Expected(request), generation.Result.OutputTokens.ToArray());
        Assert.Equal(GenerationFinishReason.Length, generation.Result.FinishReason);
        SchedulingReport report = generation.Result.Report;
        Assert.Equal((20, 9, 0), (report.PromptTokens, report.OutputTokens, report.Evictions));
        Assert.NotNull(report.TimeToFirstToken);
        Assert.NotNull(report.TimePerOutputToken);
        Assert.True(report.QueueTime <= report.TimeToFirstToken && report.TimeToFirstToken <= report.Latency);
    }

    [Fact]
    public async Task Submit_ManyAtOnce_EachGetsItsOwnTokens()
    {
        await using KvSchedulerHost host = await TestHost.StartAsync(new ScriptedEngine(kvCapacityTokens: 512, maxSequences: 16), options =>
        {
            options.Policy = SchedulingPolicies.SortedF;
            options.MaxQueuedTokens = 100_000;
        });
        GenerationRequest[] requests = [.. Enumerable.Range(0, 200).Select(i => TestHost.Request(i, 1 + (i % 40), 1 + (i % 23)))];
        GenerationResult[] results = await Task.WhenAll(requests.Select(request => Task.Run(() => host.Scheduler.Submit(request).CompleteAsync())));
        for (int i = 0; i < requests.Length; i++)
        {
            Assert.Equal(TestHost.Expected(requests[i]), results[i].OutputTokens.ToArray());
        }

        await TestHost.UntilAsync(() => host.Scheduler.GetSnapshot() is { RunningRequests: 0, KvUsedTokens: 0, CompletedRequests: 200 });
    }

    [Fact]
    public async Task Submit_StopTokenGenerated_EndsWithoutDeliveringIt()
    {
        await using KvSchedulerHost host = await TestHost.StartAsync(new ScriptedEngine());
        int[] prompt = TestHost.Prompt(3, 8);
        int[] all = [.. Enumerable.Range(0, 10).Select(i => ScriptedEngine.TokenAt(prompt, i))];
        GenerationResult result = await host.Scheduler.Submit(new GenerationRequest { PromptTokens = prompt, MaxOutputTokens = 10, StopTokens = [all[4]] }).CompleteAsync();
        Assert.Equal(all.TakeWhile(token => token != all[4]), result.OutputTokens.ToArray());
        Assert.Equal(GenerationFinishReason.Stop, result.FinishReason);
    }

    [Fact]
    public async Task Submit_LineFull_IsRefusedAtOnceWithTheReason()
    {
        using var gate = new ManualResetEventSlim();
        var engine = new ScriptedEngine(maxSequences: 1) { BeforeStep = _ => gate.Wait() };
        await using KvSchedulerHost host = await TestHost.StartAsync(engine, options => options.MaxQueuedRequests = 2);
        Generation running = host.Scheduler.Submit(TestHost.Request(0));
        await TestHost.UntilAsync(() => engine.StartedPrompts.Count == 1);
        Generation[] waiting = [host.Scheduler.Submit(TestHost.Request(1)), host.Scheduler.Submit(TestHost.Request(2))];
        SchedulingRejectedException refusal = Assert.Throws<SchedulingRejectedException>(() => host.Scheduler.Submit(TestHost.Request(3)));
        Assert.Equal(SchedulingRejection.QueueFull, refusal.Reason);
        gate.Set();
        await Task.WhenAll(waiting.Append(running).Select(generation => generation.CompleteAsync()));
        await host.Scheduler.Submit(TestHost.Request(4)).CompleteAsync();
    }

    [Fact]
    public async Task Submit_LineFullAfterMeasuredSteps_CarriesRetryAfter()
    {
        var time = new ManualTimeProvider();
        using var gate = new ManualResetEventSlim(true);
        var engine = new ScriptedEngine(maxSequences: 1) { BeforeStep = _ => { time.Advance(TimeSpan.FromMilliseconds(10)); gate.Wait(); } };
        await using KvSchedulerHost host = await TestHost.StartAsync(engine, options => options.MaxQueuedRequests = 1, time);
        await host.Scheduler.Submit(TestHost.Request(0)).CompleteAsync();
        gate.Reset();
        Generation running = host.Scheduler.Submit(TestHost.Request(1));
        await TestHost.UntilAsync(() => engine.StartedPrompts.Count == 2);
        Generation waiting = host.Scheduler.Submit(TestHost.Request(2));
        SchedulingRejectedException refusal = Assert.Throws<SchedulingRejectedException>(() => host.Scheduler.Submit(TestHost.Request(3)));
        Assert.InRange(refusal.RetryAfter!.Value, TimeSpan.FromMilliseconds(1), TimeSpan.FromSeconds(1));
        gate.Set();
        await Task.WhenAll(running.CompleteAsync(), waiting.CompleteAsync());
    }

    [Fact]
    public async Task Submit_TokensAboveTheBound_IsRefused()
    {
        using var gate = new ManualResetEventSlim();
        var engine = new ScriptedEngine(maxSequences: 1) { BeforeStep = _ => gate.Wait() };
        await using KvSchedulerHost host = await TestHost.StartAsync(engine, options => options.MaxQueuedTokens = 50);
        Generation running = host.Scheduler.Submit(TestHost.Request(0));
        await TestHost.UntilAsync(() => engine.StartedPrompts.Count == 1);
        Generation waiting = host.Scheduler.Submit(TestHost.Request(1, promptTokens: 40));
        Assert.Equal(SchedulingRejection.QueueFull, Assert.Throws<SchedulingRejectedException>(() => host.Scheduler.Submit(TestHost.Request(2, promptTokens: 11))).Reason);
        gate.Set();
        await Task.WhenAll(running.CompleteAsync(), waiting.CompleteAsync());
    }

    [Fact]
    public async Task Submit_CanNeverFit_IsTooLongWithoutRetry()
    {
        await using KvSchedulerHost host = await TestHost.StartAsync(new ScriptedEngine(kvCapacityTokens: 128));
        SchedulingRejectedException refusal = Assert.Throws<SchedulingRejectedException>(() => host.Scheduler.Submit(TestHost.Request(0, promptTokens: 100, maxOutputTokens: 100)));
        Assert.Equal(SchedulingRejection.TooLong, refusal.Reason);
        Assert.Null(refusal.RetryAfter);
        GenerationResult shortened = await host.Scheduler.Submit(new GenerationRequest { PromptTokens = TestHost.Prompt(0, 100) }).CompleteAsync();
        Assert.InRange(shortened.OutputTokens.Length, 20, 28);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1000)]
    public async Task Submit_TokenOutsideTheVocabulary_NamesPositionAndRange(int token)
    {
        await using KvSchedulerHost host = await TestHost.StartAsync(new ScriptedEngine());
        ArgumentException error = Assert.Throws<ArgumentException>(() => host.Scheduler.Submit(new GenerationRequest { PromptTokens = new[] { 1, token } }));
        Assert.Contains($"token 1 is {token}", error.Message, StringComparison.Ordinal);
        Assert.Contains("0 to 999", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Submit_WrongRequests_AreArgumentErrorsThatLeaveTheLineEmpty()
    {
        await using KvSchedulerHost host = await TestHost.StartAsync(new ScriptedEngine(), options => options.MaxQueuedRequests = 1);
        int[] prompt = [1];
        GenerationRequest[] wrong =
        [
            new() { PromptTokens = default },
            new() { PromptTokens = prompt, MaxOutputTokens = 0 },
            new() { PromptTokens = prompt, Sampling = new SamplingSettings { Temperature = -1 } },
            new() { PromptTokens = prompt, Sampling = new SamplingSettings { Temperature = float.NaN } },
            new() { PromptTokens = prompt, Sampling = new SamplingSettings { TopP = 0 } },
            new() { PromptTokens = prompt, Sampling = new SamplingSettings { TopK = -1 } },
            new() { PromptTokens = prompt, Sampling = new SamplingSettings { FrequencyPenalty = 3 } },
            new() { PromptTokens = prompt, Hints = new SchedulingHints { Deadline = TimeSpan.Zero } },
            new() { PromptTokens = prompt, Hints = new SchedulingHints { ExpectedOutputTokens = 0 } },
        ];
        foreach (GenerationRequest request in wrong)
        {
            Assert.ThrowsAny<ArgumentException>(() => host.Scheduler.Submit(request, host.Scheduler.Reserve()));
        }

        Assert.Throws<NotSupportedException>(() => host.Scheduler.Submit(new GenerationRequest { PromptTokens = prompt, Constraint = new OutputConstraint(OutputConstraintKind.JsonSchema, "{}") }));
        await host.Scheduler.Submit(TestHost.Request(0), host.Scheduler.Reserve()).CompleteAsync();
    }

    [Fact]
    public async Task Submit_PlaceUsedTwice_IsRefusedAndCountsNothing()
    {
        await using KvSchedulerHost host = await TestHost.StartAsync(new ScriptedEngine(), options => options.MaxQueuedRequests = 1);
        QueuePlace place = host.Scheduler.Reserve();
        await host.Scheduler.Submit(TestHost.Request(0), place).CompleteAsync();
        Assert.Throws<InvalidOperationException>(() => host.Scheduler.Submit(TestHost.Request(1), place));
        await host.Scheduler.Submit(TestHost.Request(2)).CompleteAsync();
    }

    [Fact]
    public async Task Cancel_WaitingRequest_NeverReachesTheEngine()
    {
        using var gate = new ManualResetEventSlim();
        var engine = new ScriptedEngine(maxSequences: 1) { BeforeStep = _ => gate.Wait() };
        await using KvSchedulerHost host = await TestHost.StartAsync(engine);
        Generation running = host.Scheduler.Submit(TestHost.Request(0));
        await TestHost.UntilAsync(() => engine.StartedPrompts.Count == 1);
        using var cancellation = new CancellationTokenSource();
        Generation waiting = host.Scheduler.Submit(TestHost.Request(1), cancellationToken: cancellation.Token);
        await cancellation.CancelAsync();
        OperationCanceledException error = await Assert.ThrowsAnyAsync<OperationCanceledException>(waiting.CompleteAsync);
        Assert.Equal(cancellation.Token, error.CancellationToken);
        gate.Set();
        await running.CompleteAsync();
        await host.Scheduler.Submit(TestHost.Request(2)).CompleteAsync();
        Assert.Equal(2, engine.StartedPrompts.Count);
        Assert.Equal(1, host.Scheduler.GetSnapshot().CancelledRequests);
    }

    [Fact]
    public async Task Cancel_RunningRequest_FreesItsKvBeforeTheNextStep()
    {
        using var inStep = new SemaphoreSlim(0);
        using var goOn = new SemaphoreSlim(0);
        var engine = new ScriptedEngine { BeforeStep = step => { if (step == 3) { inStep.Release(); goOn.Wait(); } } };
        await using KvSchedulerHost host = await TestHost.StartAsync(engine);
        Generation generation = host.Scheduler.Submit(TestHost.Request(0, maxOutputTokens: 500));
        await inStep.WaitAsync();
        generation.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(generation.CompleteAsync);
        goOn.Release();
        await TestHost.UntilAsync(() => host.Scheduler.GetSnapshot() is { KvUsedTokens: 0, CancelledRequests: 1 });
        Assert.Equal(3, engine.Steps);
    }

    [Fact]
    public async Task Submit_ThousandsWaiting_HoldNoThreads()
    {
        using var gate = new ManualResetEventSlim();
        var engine = new ScriptedEngine(maxSequences: 4) { BeforeStep = _ => gate.Wait() };
        await using KvSchedulerHost host = await TestHost.StartAsync(engine, options =>
        {
            options.MaxQueuedRequests = 20_000;
            options.MaxQueuedTokens = 1_000_000;
            options.CheckInvariants = false;
        });
        host.Scheduler.Submit(TestHost.Request(0)).Cancel();
        int threads = System.Diagnostics.Process.GetCurrentProcess().Threads.Count;
        Task<GenerationResult>[] waiting = [.. Enumerable.Range(0, 10_000).Select(i => host.Scheduler.Submit(TestHost.Request(i, 4, 2)).CompleteAsync())];
        int withWaiters = System.Diagnostics.Process.GetCurrentProcess().Threads.Count;
        Assert.All(waiting, task => Assert.False(task.IsCompleted));

        // A thread for each waiter would be ten thousand; the room is for what other tests start meanwhile in this process.
        Assert.InRange(withWaiters, 0, threads + 500);
        gate.Set();
        await Task.WhenAll(waiting);
    }

    [Fact]
    public async Task RunStep_SteadyState_AllocatesNothingOnTheLoopsThread()
    {
        var allocated = new List<long>(4000);
        using var gate = new ManualResetEventSlim();
        var engine = new ScriptedEngine
        {
            BeforeStep = _ =>
            {
                gate.Wait();
                allocated.Add(GC.GetAllocatedBytesForCurrentThread());
            },
        };
        await using KvSchedulerHost host = await TestHost.StartAsync(engine, options => options.CheckInvariants = false);
        Task<GenerationResult>[] all = [.. Enumerable.Range(0, 8).Select(i => host.Scheduler.Submit(TestHost.Request(i, 8, 400)).CompleteAsync())];

        // Everybody is there and waits before the first step: an arrival is no steady state.
        gate.Set();
        await Task.WhenAll(all);
        long[] perStep = [.. allocated.Zip(allocated.Skip(1), (a, b) => b - a).Skip(100).Take(250)];
        Assert.Equal(250, perStep.Length);

        // Token buffers double now and then; between those, nothing.
        Assert.InRange(perStep.Count(bytes => bytes != 0), 0, 16);
    }

    [Fact]
    public async Task Submit_FollowUpOfAFinishedConversation_ContinuesOnItsKv()
    {
        await using KvSchedulerHost host = await KvSchedulerHost.StartAsync(
            () => new SimulatedEngine(new SimulatedEngineOptions { CostModel = new UnitCostModel(TimeSpan.FromTicks(1)) }), new KvSchedulingOptions { CheckInvariants = true, StallTimeout = TestHost.NoStall });
        int[] first = [.. Enumerable.Range(0, 40).Select(i => 10 + (i % 90))];
        GenerationResult answer = await host.Scheduler.Submit(new GenerationRequest { PromptTokens = first, MaxOutputTokens = 21, IgnoreEndTokens = true }).CompleteAsync();
        int[] followUp = [.. first, .. answer.OutputTokens.Span, 11, 12, 13];
        Array.Clear(first);
        GenerationResult next = await host.Scheduler.Submit(new GenerationRequest { PromptTokens = followUp, MaxOutputTokens = 5 }).CompleteAsync();

        // The last token of the answer was sampled but never computed.
        Assert.Equal(60, next.Report.CachedTokens);
        GenerationResult other = await host.Scheduler.Submit(new GenerationRequest
        {
            PromptTokens = followUp,
            MaxOutputTokens = 5,
            Hints = new SchedulingHints { Tenant = "somebody else" },
        }).CompleteAsync();
        Assert.Equal(0, other.Report.CachedTokens);
        Assert.Equal(next.OutputTokens.ToArray(), other.OutputTokens.ToArray());
    }

    [Fact]
    public async Task SlowReader_DoesNotHoldUpOthers()
    {
        await using KvSchedulerHost host = await TestHost.StartAsync(new ScriptedEngine());
        GenerationRequest slowRequest = TestHost.Request(0, 8, 300);
        Generation slow = host.Scheduler.Submit(slowRequest);
        for (int i = 1; i <= 20; i++)
        {
            await host.Scheduler.Submit(TestHost.Request(i)).CompleteAsync();
        }

        await TestHost.UntilAsync(() => host.Scheduler.GetSnapshot().CompletedRequests == 21);
        Assert.Equal(TestHost.Expected(slowRequest), await TestHost.TokensAsync(slow));
    }

    [Fact]
    public async Task Submit_DeadlineBelowThePredictedWait_IsRefusedAtTheDoor()
    {
        var time = new ManualTimeProvider();
        using var gate = new ManualResetEventSlim(true);
        var engine = new ScriptedEngine(maxSequences: 1) { BeforeStep = _ => { time.Advance(TimeSpan.FromSeconds(1)); gate.Wait(); } };
        await using KvSchedulerHost host = await TestHost.StartAsync(engine, time: time);
        await host.Scheduler.Submit(TestHost.Request(0)).CompleteAsync();
        SchedulingRejectedException refusal = Assert.Throws<SchedulingRejectedException>(() => host.Scheduler.Submit(new GenerationRequest
        {
            PromptTokens = TestHost.Prompt(1, 8),
            MaxOutputTokens = 50,
            Hints = new SchedulingHints { Deadline = TimeSpan.FromSeconds(5), ExpectedOutputTokens = 40 },
        }));
        Assert.Equal(SchedulingRejection.DeadlineUnreachable, refusal.Reason);
    }
}
