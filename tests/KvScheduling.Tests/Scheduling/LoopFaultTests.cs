namespace KvScheduling.Tests;

public sealed class LoopFaultTests
{
    [Fact]
    public async Task RunStep_ThrowsOnce_EveryRequestStillGetsItsTokens()
    {
        var engine = new ScriptedEngine { BeforeStep = step => Throw(step == 5, fatal: false) };
        await using KvSchedulerHost host = await TestHost.StartAsync(engine);
        await CompleteAllAsync(host, 6);
        await host.Scheduler.Submit(TestHost.Request(99)).CompleteAsync();
    }

    [Fact]
    public async Task RunStep_FatalFault_EngineIsBuiltAgainAndTokensContinue()
    {
        var engines = new List<ScriptedEngine>();
        await using KvSchedulerHost host = await TestHost.StartAsync(() =>
        {
            bool first = engines.Count == 0;
            var engine = new ScriptedEngine { BeforeStep = step => Throw(first && step == 5, fatal: true) };
            engines.Add(engine);
            return engine;
        });
        await CompleteAllAsync(host, 6);
        Assert.Equal(2, engines.Count);
        Assert.True(engines[0].IsDisposed);
        Assert.Equal(SchedulerStatus.Ready, host.Scheduler.GetSnapshot().Status);
    }

    [Fact]
    public async Task RunStep_NeverReturns_WatchdogGoesOnWithAFreshEngine()
    {
        var time = new ManualTimeProvider();
        using var never = new ManualResetEventSlim();
        using var hung = new SemaphoreSlim(0);
        var engines = new List<ScriptedEngine>();
        KvSchedulerHost host = await TestHost.StartAsync(
            () =>
            {
                bool first = engines.Count == 0;
                var engine = new ScriptedEngine
                {
                    BeforeStep = step =>
                    {
                        if (first && step == 4)
                        {
                            hung.Release();
                            never.Wait();
                        }
                    },
                };
                engines.Add(engine);
                return engine;
            },
            options => options.StallTimeout = TimeSpan.FromSeconds(60),
            time);
        GenerationRequest request = TestHost.Request(1, 8, 12);
        Generation generation = host.Scheduler.Submit(request);
        await hung.WaitAsync();
        time.Advance(TimeSpan.FromSeconds(90));
        Assert.Equal(TestHost.Expected(request), await TestHost.TokensAsync(generation));
        Assert.Equal(2, engines.Count);
        never.Set();
        await TestHost.UntilAsync(() => engines[0].IsDisposed);
        await host.DisposeAsync();
    }

    [Fact]
    public async Task RunStep_FatalAgainAndAgain_EveryCallerAndEveryLaterSubmitGetsTheTypedError()
    {
        using var gate = new ManualResetEventSlim();
        IInferenceEngine Build() => new ScriptedEngine
        {
            BeforeStep = _ =>
            {
                gate.Wait();
                Throw(true, fatal: true);
            },
        };
        await using KvSchedulerHost host = await TestHost.StartAsync(Build, options => options.MaxEngineRestarts = 2);
        Task<GenerationResult>[] all = [.. Enumerable.Range(0, 5).Select(i => host.Scheduler.Submit(TestHost.Request(i)).CompleteAsync())];
        gate.Set();
        foreach (Task<GenerationResult> task in all)
        {
            // A request that ran in every lost engine is failed as their likely cause; the others are refused when no engine is left.
            Exception error = await Assert.ThrowsAnyAsync<Exception>(() => task);
            Assert.True(error is EngineFaultException or SchedulingRejectedException { Reason: SchedulingRejection.EngineFaulted, InnerException: EngineFaultException }, error.ToString());
        }

        await TestHost.UntilAsync(() => host.Scheduler.GetSnapshot().Status == SchedulerStatus.Faulted);
        Assert.Equal(SchedulingRejection.EngineFaulted, Assert.Throws<SchedulingRejectedException>(() => host.Scheduler.Submit(TestHost.Request(9))).Reason);
    }

    [Fact]
    public async Task RunStep_OnePoisonRequest_FailsAloneAndTheOthersComplete()
    {
        var engine = new PoisonEngine(new ScriptedEngine(), poison: 777);
        await using KvSchedulerHost host = await TestHost.StartAsync(() => engine);
        Generation poison = host.Scheduler.Submit(new GenerationRequest { PromptTokens = new[] { 1, 777, 2 }, MaxOutputTokens = 5 });
        await CompleteAllAsync(host, 6);
        await Assert.ThrowsAsync<EngineFaultException>(poison.CompleteAsync);
        Assert.Equal(1, host.Scheduler.GetSnapshot().FailedRequests);
    }

    [Fact]
    public async Task Start_RefusedByTheEngine_FailsThatRequestOnly()
    {
        var engine = new ScriptedEngine();
        bool refused = false;
        engine.BeforeStart = _ =>
        {
            if (!refused)
            {
                refused = true;
                throw new InvalidOperationException("no");
            }
        };
        await using KvSchedulerHost host = await TestHost.StartAsync(engine);
        Generation first = host.Scheduler.Submit(TestHost.Request(0));
        await Assert.ThrowsAsync<EngineFaultException>(first.CompleteAsync);
        await CompleteAllAsync(host, 4);
    }

    [Fact]
    public async Task Policy_Throws_EveryCallerGetsTheTypedErrorWithTheCause()
    {
        await using KvScheduler scheduler = KvSchedulerFactory.Create(
            string.Empty, "engine", new KvSchedulingOptions(), () => new ScriptedEngine(), _ => new BrokenPolicy(), null, null, TimeProvider.System);
        await scheduler.StartAsync();
        SchedulingRejectedException error = await Assert.ThrowsAsync<SchedulingRejectedException>(() => scheduler.Submit(TestHost.Request(0)).CompleteAsync());
        Assert.Equal(SchedulingRejection.EngineFaulted, error.Reason);
        Assert.IsType<BadImageFormatException>(error.InnerException);
    }

    [Fact]
    public async Task StartAsync_EngineCannotBeBuilt_ThrowsWhatKeptIt() =>
        await Assert.ThrowsAsync<FileNotFoundException>(() => TestHost.StartAsync(() => throw new FileNotFoundException("model.safetensors")));

    [Fact]
    public async Task DisposeAsync_WhileRequestsRun_LetsThemFinish()
    {
        // A patience that the test would not outlast: stopping must not use it up when everybody has finished.
        using var gate = new ManualResetEventSlim();
        var engine = new ScriptedEngine { BeforeStep = _ => gate.Wait() };
        KvSchedulerHost host = await TestHost.StartAsync(engine, options => options.ShutdownTimeout = TimeSpan.FromHours(1));
        Task<GenerationResult>[] all = [.. Enumerable.Range(0, 20).Select(i => host.Scheduler.Submit(TestHost.Request(i, 8, 50)).CompleteAsync())];
        Task disposing = host.DisposeAsync().AsTask();
        Assert.All(all, task => Assert.False(task.IsCompleted));
        gate.Set();
        await disposing.WaitAsync(TestHost.Patience);
        GenerationResult[] results = await Task.WhenAll(all);
        Assert.All(results, result => Assert.Equal(50, result.OutputTokens.Length));
        Assert.Equal(SchedulingRejection.ShuttingDown, Assert.Throws<SchedulingRejectedException>(() => host.Scheduler.Submit(TestHost.Request(0))).Reason);
    }

    [Fact]
    public async Task DisposeAsync_PatienceRunsOut_EndsTheRestWithShuttingDown()
    {
        using var gate = new ManualResetEventSlim();
        var engine = new ScriptedEngine { BeforeStep = step => { if (step == 2) { gate.Wait(); } } };

        // A clock that stands: the step under way has all the time it needs.
        KvSchedulerHost host = await TestHost.StartAsync(engine, options => options.ShutdownTimeout = TimeSpan.Zero, new ManualTimeProvider());
        Task<GenerationResult> running = host.Scheduler.Submit(TestHost.Request(0, 8, 2000)).CompleteAsync();
        await TestHost.UntilAsync(() => engine.Steps > 0);

        // Without patience the end is asked for before this call returns, and the step under way is the last.
        Task disposing = host.DisposeAsync().AsTask();
        gate.Set();
        await disposing;
        SchedulingRejectedException error = await Assert.ThrowsAsync<SchedulingRejectedException>(() => running);
        Assert.Equal(SchedulingRejection.ShuttingDown, error.Reason);
        Assert.True(engine.IsDisposed);
    }

    [Fact]
    public async Task DisposeAsync_EngineHangs_ReleasesCallersAfterAGrace()
    {
        var time = new ManualTimeProvider();
        using var never = new ManualResetEventSlim();
        var engine = new ScriptedEngine { BeforeStep = _ => never.Wait() };
        KvSchedulerHost host = await TestHost.StartAsync(engine, options => options.ShutdownTimeout = TimeSpan.Zero, time);
        Task<GenerationResult> running = host.Scheduler.Submit(TestHost.Request(0)).CompleteAsync();
        await TestHost.UntilAsync(() => engine.Steps > 0);
        Task disposing = host.DisposeAsync().AsTask();
        Assert.False(disposing.IsCompleted || running.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(30));
        await disposing.WaitAsync(TestHost.Patience);
        await Assert.ThrowsAsync<SchedulingRejectedException>(() => running);
        never.Set();
        await TestHost.UntilAsync(() => engine.IsDisposed);
    }

    [Fact]
    public async Task DisposeAsync_NeverStarted_ReturnsAtOnce()
    {
        KvScheduler scheduler = KvSchedulerFactory.Create(
            string.Empty, "engine", new KvSchedulingOptions(), () => new ScriptedEngine(), PolicyCatalog.Get(SchedulingPolicies.Fcfs), null, null, TimeProvider.System);
        await scheduler.DisposeAsync();
        await scheduler.DisposeAsync();
        await Assert.ThrowsAsync<SchedulingRejectedException>(() => scheduler.StartAsync());
    }

    private static async Task CompleteAllAsync(KvSchedulerHost host, int count)
    {
        GenerationRequest[] requests = [.. Enumerable.Range(0, count).Select(i => TestHost.Request(i, 5 + i, 12))];
        GenerationResult[] results = await Task.WhenAll(requests.Select(request => host.Scheduler.Submit(request).CompleteAsync()));
        Assert.All(requests.Zip(results), pair => Assert.Equal(TestHost.Expected(pair.First), pair.Second.OutputTokens.ToArray()));
    }

    private static void Throw(bool condition, bool fatal)
    {
        if (condition)
        {
            throw new EngineFaultException("injected", fatal);
        }
    }

    private sealed class BrokenPolicy : ISchedulingPolicy
    {
        public string Name => "broken";

        public int Count => 1;

        public void Add(SchedulableRequest request) => throw new BadImageFormatException("broken policy");

        public void Remove(SchedulableRequest request)
        {
        }

        public int Peek(Span<SchedulableRequest> candidates) => 0;
    }

    /// <summary>Every step with the poison in it throws.</summary>
    private sealed class PoisonEngine(IInferenceEngine inner, int poison) : DelegatingInferenceEngine(inner)
    {
        private readonly HashSet<int> _poisoned = [];

        public override void Start(in SequenceStart start)
        {
            Inner.Start(start);
            if (start.Prompt.Contains(poison))
            {
                _poisoned.Add(start.Slot);
            }
        }

        public override void Remove(int slot)
        {
            _poisoned.Remove(slot);
            Inner.Remove(slot);
        }

        public override int RunStep(ReadOnlySpan<StepItem> plan, Span<StepEvent> events)
        {
            foreach (StepItem item in plan)
            {
                if (_poisoned.Contains(item.Slot))
                {
                    throw new InvalidOperationException("poisoned");
                }
            }

            return Inner.RunStep(plan, events);
        }
    }
}
