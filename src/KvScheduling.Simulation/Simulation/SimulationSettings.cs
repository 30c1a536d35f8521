namespace KvScheduling.Simulation;

/// <summary>What a workload is replayed on: the engine's memory and speed, and what the scheduler knows.</summary>
public sealed record SimulationSettings
{
    /// <summary>The KV budget in tokens; whole blocks of it are used.</summary>
    /// <value>At least <see cref="BlockTokens"/>.</value>
    public required long KvTokens { get; init; }

    /// <summary>Tokens per KV block.</summary>
    /// <value>From 1 to 65,536. The default value is 1: KV is counted in tokens.</value>
    public int BlockTokens { get; init; } = 1;

    /// <summary>How long an iteration takes.</summary>
    /// <value>The default value is <see cref="UnitCostModel.Rounds"/>: one second each, so that times read as rounds.</value>
    public IIterationCostModel CostModel { get; init; } = UnitCostModel.Rounds;

    /// <summary>The most requests that hold KV at once.</summary>
    /// <value>From 1 to 65,536. The default value is 256.</value>
    public int MaxRunningRequests { get; init; } = 256;

    /// <summary>The model's context, prompt and output together.</summary>
    /// <value>At least 2. The default value is <see langword="null"/>: only the KV budget bounds a request.</value>
    public int? MaxContextTokens { get; init; }

    /// <summary>The most tokens computed in one step.</summary>
    /// <value>At least 1. The default value is 2048.</value>
    public int MaxStepTokens { get; init; } = 2048;

    /// <summary>The most tokens of one prompt computed in one step.</summary>
    /// <value>At least 1; <see cref="int.MaxValue"/> for prompts taken whole. The default value is 512.</value>
    public int PrefillChunkTokens { get; init; } = 512;

    /// <summary>What the scheduler is told about output lengths.</summary>
    /// <value>The default value is <see cref="Simulation.OutputLengths.Known"/>.</value>
    public OutputLengths OutputLengths { get; init; } = OutputLengths.Known;

    /// <summary>The output limit that every request carries where lengths are not known; longer outputs are cut off there.</summary>
    /// <value>At least 1. The default value is <see langword="null"/>: what context and budget leave beside the prompt.</value>
    public int? MaxOutputTokens { get; init; }

    /// <summary>The seed of noisy predictions.</summary>
    /// <value>The default value is 1.</value>
    public int Seed { get; init; } = 1;

    /// <summary>What an evicted request loses.</summary>
    /// <value>The default value is <see cref="EvictionMode.Recompute"/>, which is what the live scheduler does.</value>
    public EvictionMode Eviction { get; init; }

    /// <summary>The limits that a request must meet to count for goodput.</summary>
    /// <value>The default value is <see langword="null"/>: goodput is not measured.</value>
    public ServiceLevel? ServiceLevel { get; init; }

    /// <summary>Whether every request's times are kept (<see cref="SimulationResult.Requests"/>); costs memory in proportion to the workload.</summary>
    /// <value>The default value is <see langword="false"/>.</value>
    public bool KeepRequests { get; init; }

    /// <summary>Changes any other setting of the scheduler, such as backfill or promotion, before it is made.</summary>
    /// <value>The default value is <see langword="null"/>: the scheduler's own defaults.</value>
    public Action<KvSchedulingOptions>? Configure { get; init; }

    /// <summary>Policies beside the built-in ones, by name: what <see cref="KvSchedulingBuilderExtensions.AddPolicy"/> is for a live scheduler. They go before built-in ones of the same name.</summary>
    /// <value>The default value is <see langword="null"/>: the built-in ones only.</value>
    public IReadOnlyDictionary<string, Func<PolicyContext, ISchedulingPolicy>>? AdditionalPolicies { get; init; }

    /// <summary>Whether the scheduler's state is checked against a recount after every step; slow.</summary>
    /// <value>The default value is <see langword="false"/>.</value>
    public bool CheckInvariants { get; init; }

    /// <summary>Whether the engine can leave sequences out of a step.</summary>
    /// <value>The default value is <see cref="HoldSupport.Free"/>.</value>
    public HoldSupport Hold { get; init; } = HoldSupport.Free;

    /// <summary>Where the run's decision log is written, to be read with <see cref="Simulation.DecisionLog"/>; not disposed.</summary>
    /// <value>The default value is <see langword="null"/>: no log.</value>
    public Stream? DecisionLog { get; init; }

    /// <summary>Makes the policy instead of the catalog, for orders that only a simulation can know.</summary>
    internal Func<PolicyContext, ISchedulingPolicy>? PolicyFactory { get; init; }

    /// <exception cref="ArgumentOutOfRangeException">A setting is out of its range.</exception>
    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(BlockTokens, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(BlockTokens, 65_536);
        ArgumentOutOfRangeException.ThrowIfLessThan(KvTokens, BlockTokens);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxRunningRequests, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(MaxRunningRequests, 65_536);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxContextTokens ?? 2, 2, nameof(MaxContextTokens));
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxStepTokens, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(PrefillChunkTokens, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxOutputTokens ?? 1, 1, nameof(MaxOutputTokens));
        if (!Enum.IsDefined(Eviction))
        {
            throw new ArgumentOutOfRangeException(nameof(Eviction), Eviction, "Give EvictionMode.Recompute or EvictionMode.Restart.");
        }
    }
}
