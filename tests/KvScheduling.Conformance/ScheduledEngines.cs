namespace KvScheduling.Conformance;

/// <summary>A scheduler over engines under test, which are looked at when it ends.</summary>
internal sealed class ScheduledEngines : IAsyncDisposable
{
    /// <summary>Ends a wait that would last for ever; far longer than any that ends by itself, however busy the machine.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private readonly IEngineUnderTest _target;
    private readonly List<IInferenceEngine> _engines = [];
    private KvSchedulerHost? _host;

    private ScheduledEngines(IEngineUnderTest target) => _target = target;

    public IKvScheduler Scheduler => _host!.Scheduler;

    /// <summary>How many engines were built.</summary>
    public int Built => _engines.Count;

    public static async Task<ScheduledEngines> StartAsync(IEngineUnderTest target, Action<KvSchedulingOptions>? configure, EngineSize size, StepFaults? faults)
    {
        // Nothing here hangs: no watchdog takes an engine that waits for a busy machine for a lost one.
        KvSchedulingOptions options = new()
        {
            CheckInvariants = true,
            MaxRunningRequests = size.MaxSequences,
            PromoteAfter = null,
            StallTimeout = TimeSpan.FromHours(1),
        };
        configure?.Invoke(options);
        ScheduledEngines engines = new(target);
        engines._host = await KvSchedulerHost.StartAsync(
            () =>
            {
                IInferenceEngine engine = target.CreateEngine(size);
                engines._engines.Add(engine);
                return faults is null ? engine : new FaultyEngine(engine, faults);
            },
            options);
        return engines;
    }

    public static GenerationRequest Request(ConformanceCase test, SchedulingHints? hints = null) => new()
    {
        PromptTokens = test.Prompt,
        MaxOutputTokens = test.MaxOutputTokens,
        Sampling = test.Sampling,
        Hints = hints ?? SchedulingHints.None,
    };

    public Generation Submit(ConformanceCase test, SchedulingHints? hints = null) => Scheduler.Submit(Request(test, hints));

    /// <summary>Waits for a state of the scheduler. It tells the one after its latest step, which may be behind what callers have seen of that step.</summary>
    public async Task UntilAsync(Func<SchedulerSnapshot, bool> condition, string expected)
    {
        using CancellationTokenSource limit = new(Patience);
        while (!condition(Scheduler.GetSnapshot()))
        {
            Assert.False(limit.IsCancellationRequested, $"Not within {Patience}: {expected}. The scheduler is at {Scheduler.GetSnapshot()}.");
            await Task.Delay(1);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _host!.DisposeAsync();
        Assert.All(_engines, _target.AssertWell);
    }
}
