namespace KvScheduling.Simulation;

/// <summary>One request of a workload: when it comes and how long it is. Texts and tokens play no part in a simulation.</summary>
/// <param name="Arrival">When it arrives, from the beginning of the workload; zero or more, never before the request in front of it.</param>
/// <param name="PromptTokens">Prompt length in tokens, at least 1.</param>
/// <param name="OutputTokens">The output length in tokens that it turns out to have, at least 1.</param>
public readonly record struct WorkloadRequest(TimeSpan Arrival, int PromptTokens, int OutputTokens)
{
    /// <summary>Who it is for.</summary>
    /// <value>The default value is <see langword="null"/>: nobody in particular.</value>
    public string? Tenant { get; init; }

    /// <summary>Higher runs first.</summary>
    /// <value>The default value is 0.</value>
    public int Priority { get; init; }

    /// <summary>How long after its arrival the answer is of use: it is refused in the line once it can't be met.</summary>
    /// <value>Above zero. The default value is <see langword="null"/>: for ever.</value>
    public TimeSpan? Deadline { get; init; }

    /// <summary>How long its caller waits for its first start before giving up.</summary>
    /// <value>Above zero. The default value is <see langword="null"/>: for ever.</value>
    public TimeSpan? Patience { get; init; }

    /// <summary>Token-steps of KV that it holds over its life: s·o + o(o+1)/2.</summary>
    public long Volume => RequestSize.Volume(PromptTokens, OutputTokens);

    /// <summary>The output length that its caller expects.</summary>
    /// <value>At least 1. The default value is <see langword="null"/>: what <see cref="SimulationSettings.OutputLengths"/> says.</value>
    public int? ExpectedOutputTokens { get; init; }

    /// <summary>The output limit that its caller sets, where it is not what the settings say.</summary>
    /// <value>At least <see cref="OutputTokens"/>. The default value is <see langword="null"/>.</value>
    public int? MaxOutputTokens { get; init; }

    /// <summary>The interval in which its output length is known to lie, for <see cref="Backlog.DrainByIntervals"/>.</summary>
    /// <value>Around <see cref="OutputTokens"/>. The default value is <see langword="null"/>.</value>
    public OutputInterval? PredictedOutput { get; init; }

    /// <summary>The most KV tokens that it holds at once: s + o.</summary>
    public long Peak => RequestSize.Peak(PromptTokens, OutputTokens);
}
