namespace KvScheduling.Conformance;

/// <summary>A scheduler over engines under test, which are looked at when it ends.</summary>
internal sealed class ScheduledEngines : IAsyncDisposable
{
    private readonly IEngineUnderTest _target;
    private readonly List<IInferenceEngine> _engines = [];
    private KvSchedulerHost? _host;

    private ScheduledEngines(IEngineUnderTest target) => _target = target;

    public IKvScheduler Scheduler => _host!.Scheduler;

    /// <summary>How many engines were built.</summary>
    public int Built => _engines.Count;

    public static async Task<ScheduledEngines> StartAsync(IEngineUnderTest target, Action<KvSchedulingOptions>? configure, EngineSize size, StepFaults? faults)
    {
        KvSchedulingOptions options = new() { CheckInvariants = true, MaxRunningRequests = size.MaxSequences, PromoteAfter = null };
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

    public async ValueTask DisposeAsync()
    {
        await _host!.DisposeAsync();
        Assert.All(_engines, _target.AssertWell);
    }
}
