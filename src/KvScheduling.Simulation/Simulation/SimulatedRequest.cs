namespace KvScheduling.Simulation;

/// <summary>A request of a workload as the core schedules it.</summary>
internal sealed class SimulatedRequest : SchedulableRequest
{
    private readonly SimulationRun _run;

    public SimulatedRequest(SimulationRun run, long index, int outputTokens, int promptTokens, int maxOutputTokens, SchedulingHints hints, TimeSpan? givesUp)
        : base(promptTokens, maxOutputTokens, hints)
    {
        _run = run;
        Index = index;
        OutputTokens = outputTokens;
        GivesUp = givesUp;
    }

    /// <summary>Its place in the workload.</summary>
    public long Index { get; }

    /// <summary>The output length it turns out to have; the scheduler is not told.</summary>
    public int OutputTokens { get; }

    /// <summary>When its caller gives up unless it has started; null: never.</summary>
    public TimeSpan? GivesUp { get; }

    public TimeSpan StartedAt { get; private set; }

    public TimeSpan FirstTokenAt { get; private set; }

    /// <summary>The engine's tokens mean nothing here: an output ends by its length.</summary>
    internal override bool IsEndToken(int token) => false;

    internal override void OnStarted(TimeSpan now)
    {
        if (Evictions == 0)
        {
            StartedAt = now;
        }
    }

    internal override void OnToken(int token, TimeSpan now)
    {
        if (GeneratedTokens == 1)
        {
            FirstTokenAt = now;
        }

        if (GeneratedTokens == OutputTokens && OutputTokens < MaxOutputTokens)
        {
            _run.HasWhatItWanted(this);
        }
    }

    internal override void OnEnded(in RequestEnd end, TimeSpan now) => _run.OnEnded(this, end, now);

    public RequestTimes Times(TimeSpan now) => new(
        ArrivalTime,
        StartedAt - ArrivalTime,
        FirstTokenAt - ArrivalTime,
        GeneratedTokens >= 2 ? (now - FirstTokenAt) / (GeneratedTokens - 1) : null,
        now - ArrivalTime,
        PromptTokens,
        GeneratedTokens,
        Evictions,
        RecomputedTokens);
}
