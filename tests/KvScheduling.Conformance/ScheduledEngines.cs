namespace KvScheduling.Conformance;

/// <summary>A scheduler over engines under test, which are looked at when it ends.</summary>
internal sealed class ScheduledEngines : IAsyncDisposable
{
    private readonly IEngineUnderTest _target;
    private readonly List<IInferenceEngine> _engines = [];
    private readonly StepGate _gate = new();
    private KvSchedulerHost? _host;

    private ScheduledEngines(IEngineUnderTest target) => _target = target;

    public IKvScheduler Scheduler => _host!.Scheduler;

    /// <summary>How many engines were built.</summary>
    public int Built => _engines.Count;

    /// <summary>Starts a scheduler.</summary>
    /// <param name="target">What builds its engines.</param>
    /// <param name="configure">Changes its options.</param>
    /// <param name="size">How large its engines are.</param>
    /// <param name="faults">At which steps they fail.</param>
    /// <param name="isHeld">Whether no step ends before <see cref="Release"/>.</param>
    public static async Task<ScheduledEngines> StartAsync(IEngineUnderTest target, Action<KvSchedulingOptions>? configure, EngineSize size, StepFaults? faults, bool isHeld = false)
    {
        KvSchedulingOptions options = Patient.Options();
        (options.MaxRunningRequests, options.PromoteAfter) = (size.MaxSequences, null);
        configure?.Invoke(options);
        ScheduledEngines engines = new(target);
        if (!isHeld)
        {
            engines.Release();
        }

        engines._host = await KvSchedulerHost.StartAsync(
            () =>
            {
                IInferenceEngine engine = target.CreateEngine(size);
                engines._engines.Add(engine);
                IInferenceEngine gated = new GatedEngine(engine, engines._gate);
                return faults is null ? gated : new FaultyEngine(gated, faults);
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

    /// <summary>Lets the steps go.</summary>
    public void Release() => _gate.Open();

    public async ValueTask DisposeAsync()
    {
        Release();
        await _host!.DisposeAsync();
        Assert.All(_engines, _target.AssertWell);
    }
}
