namespace KvScheduling.Baselines;

/// <summary>A scheduler of another engine, put together from building blocks: what it charges × who gives way × what a step looks like × the order of its line.</summary>
/// <remarks>Made anew for every scheduler: charge and order keep state.</remarks>
internal sealed record BaselineRules
{
    /// <summary>What a request must find free to start.</summary>
    public required AdmissionCharge Charge { get; init; }

    /// <summary>What a step computes.</summary>
    public required StepForm Form { get; init; }

    /// <summary>The order of the line.</summary>
    public ILineOrder Order { get; init; } = new ArrivalOrder();

    /// <summary>Who gives way where the next token of somebody finds no room; null: nobody.</summary>
    public VictimRule? Victims { get; init; }

    /// <summary>What happens to who finds no room, when nobody gives way.</summary>
    public DryPool WhenDry { get; init; }

    /// <summary>Whether a waiting request may make others give way too.</summary>
    public bool EvictsForStarts { get; init; }

    /// <summary>Whether later requests may start past one that does not fit.</summary>
    public bool SkipsBlocked { get; init; }

    /// <summary>Whether prompts are computed whole, however long they are.</summary>
    public bool WholePrompts { get; init; }

    /// <summary>Whether the prompts of a batch are padded to the longest.</summary>
    public bool PadsPrompts { get; init; }

    /// <summary>Whether running prompts share a step equally where nothing decodes, and take turns where something does.</summary>
    public bool SharesPrompts { get; init; }

    /// <summary>After an eviction it goes on until everybody left has room for so many tokens.</summary>
    public int HeadroomTokens { get; init; }

    /// <summary>Its own limit of requests that hold KV.</summary>
    public int MaxRunning { get; init; } = int.MaxValue;

    /// <summary>Its own limit of tokens in a step.</summary>
    public int StepTokens { get; init; } = int.MaxValue;

    /// <summary>Its own limit of tokens of one prompt in a step.</summary>
    public int ChunkTokens { get; init; } = int.MaxValue;

    /// <summary>The longest a request waits before it is refused; null: for ever.</summary>
    public TimeSpan? MaxWait { get; init; }
}

/// <summary>What a step computes.</summary>
internal enum StepForm
{
    /// <summary>Everybody that runs in the order of their starts, prompts and decodes alike, then new prompts.</summary>
    StartOrder,

    /// <summary>A token for everybody that decodes, then running prompts, then new ones.</summary>
    DecodesFirst,

    /// <summary>Prompts alone, running ones before new ones; decodes only where there are none.</summary>
    PromptsFirst,
}

/// <summary>What happens to a request whose next token finds no room, when nobody gives way.</summary>
internal enum DryPool
{
    /// <summary>It waits until something ends.</summary>
    Hold,

    /// <summary>It fails.</summary>
    FailRequest,

    /// <summary>The whole step is tried again for a while; then everything fails, waiting requests too.</summary>
    FailAll,
}
