namespace KvScheduling;

/// <summary>A request as the scheduler and its policies see it: lengths, estimates and times, never text.</summary>
public abstract class SchedulableRequest
{
    private protected SchedulableRequest(int promptTokens, int maxOutputTokens, SchedulingHints hints)
    {
        PromptTokens = promptTokens;
        MaxOutputTokens = maxOutputTokens;
        Priority = hints.Priority;
        Tenant = hints.Tenant;
        HintedOutputTokens = hints.ExpectedOutputTokens;
        Deadline = hints.Deadline;
        EstimatedOutputTokens = maxOutputTokens;
    }

    /// <summary>Its place in the order of arrival; breaks every tie.</summary>
    public long ArrivalIndex { get; internal set; }

    /// <summary>When it arrived, on the scheduler's clock.</summary>
    public TimeSpan ArrivalTime { get; internal set; }

    /// <summary>Prompt length in tokens.</summary>
    public int PromptTokens { get; }

    /// <summary>The most output tokens it may generate.</summary>
    public int MaxOutputTokens { get; }

    /// <summary>Output tokens generated so far; kept over evictions, except in simulations of schedulers that restart.</summary>
    public int GeneratedTokens { get; internal set; }

    /// <summary>The output length the scheduler plans with, in tokens over the whole life: at least <see cref="GeneratedTokens"/> + 1, at most
    /// <see cref="MaxOutputTokens"/>.</summary>
    /// <remarks>Set when it joins the line and when it starts; constant while it waits.</remarks>
    public int EstimatedOutputTokens { get; internal set; }

    /// <summary>The output length its caller expects, or <see langword="null"/>.</summary>
    public int? HintedOutputTokens { get; }

    /// <summary>Higher runs first.</summary>
    public int Priority { get; }

    /// <summary>Who it is for, or <see langword="null"/>.</summary>
    public string? Tenant { get; }

    /// <summary>How long after its arrival the answer is of use, or <see langword="null"/>.</summary>
    public TimeSpan? Deadline { get; }

    /// <summary>Where it stands.</summary>
    public RequestState State { get; internal set; }

    /// <summary>How often it was evicted.</summary>
    public int Evictions { get; internal set; }

    /// <summary>How long the policy held it back before its first start although it could have started.</summary>
    public TimeSpan HoldTime { get; internal set; }

    /// <summary>Why it waits, after the latest plan.</summary>
    public DecisionReason WaitReason { get; internal set; }

    /// <summary>The slot it holds in the engine; -1 when it holds none.</summary>
    public int Slot { get; internal set; } = -1;

    /// <summary>Tokens to compute before the next one is sampled, when it (re)starts: prompt and output so far.</summary>
    public int TokensToCompute => PromptTokens + GeneratedTokens;

    /// <summary>Prompt tokens that were reused instead of computed, at the first start.</summary>
    public int CachedTokens { get; internal set; }

    /// <summary>Tokens computed again after evictions and faults.</summary>
    public int RecomputedTokens { get; internal set; }

    /// <summary>Chained hashes of the prompt's full KV blocks, salted with the prefix scope; empty when nothing may be shared.</summary>
    internal virtual ReadOnlySpan<ulong> PrefixBlocks => [];

    /// <summary>What the scheduler keeps about it beside its lengths.</summary>
    internal RequestPlace Place;

    /// <summary>Whether the first <paramref name="tokens"/> tokens of its prompt are those of <paramref name="earlier"/>'s prompt and output, and its scope
    /// lets it use them.</summary>
    internal virtual bool StartsWith(SchedulableRequest earlier, int tokens) => false;

    /// <summary>Whether this token ends the output.</summary>
    internal abstract bool IsEndToken(int token);

    /// <summary>It holds a slot: the first time, or again after an eviction.</summary>
    internal virtual void OnStarted(TimeSpan now) { }

    /// <summary>A token was generated; <see cref="GeneratedTokens"/> counts it already. End tokens never come here.</summary>
    internal abstract void OnToken(int token, TimeSpan now);

    /// <summary>It ended; called exactly once, with <see cref="State"/> set.</summary>
    internal abstract void OnEnded(in RequestEnd end, TimeSpan now);
}
