namespace KvScheduling;

/// <summary>One slot of the engine and what the scheduler knows about the sequence in it.</summary>
internal sealed class SequenceSlot(int id)
{
    public int Id { get; } = id;

    public SlotState State { get; set; }

    /// <summary>The running request, or the finished one whose KV is parked.</summary>
    public SchedulableRequest? Request { get; set; }

    /// <summary>Tokens of the sequence in the KV cache.</summary>
    public int Computed { get; set; }

    /// <summary>Tokens the step in composition computes for it.</summary>
    public int StepTokens { get; set; }

    /// <summary>Whether it has sampled no token since it started.</summary>
    public bool IsPrefilling { get; set; }

    /// <summary>Its place in the order of starts.</summary>
    public long StartOrder { get; set; }

    /// <summary>The number of steps taken when it started.</summary>
    public long StartedAtStep { get; set; }

    /// <summary>Output tokens its request had when it started.</summary>
    public int GeneratedAtStart { get; set; }

    /// <summary>It got a token since room was last found for its next one.</summary>
    public bool AwaitsRoom { get; set; }

    /// <summary>It must stay behind in the step in composition: there is no room for its next token.</summary>
    public bool IsHeld { get; set; }

    /// <summary>A start of the present plan shares from this parked sequence, or continues it.</summary>
    public bool IsPinned { get; set; }

    /// <summary>Its request started in the slot of a parked sequence, which the engine knows whatever becomes of the start.</summary>
    public bool IsContinued { get; set; }

    /// <summary>How often in a row the engine had no KV for it although nobody was left to make room.</summary>
    public int Refusals { get; set; }

    /// <summary>Its leading blocks in the prefix index; the first <see cref="PathLength"/> count.</summary>
    public int[] Path { get; set; } = [];

    public int PathLength { get; set; }

    /// <summary>Tokens it is charged for: prompt and output so far, computed or not.</summary>
    public int HeldTokens => Request!.TokensToCompute;

    /// <summary>Tokens to compute before its next token is sampled; 1 when decoding.</summary>
    public int UncomputedTokens => HeldTokens - Computed;

    /// <summary>Whether the step in composition computes everything up to its next token.</summary>
    public bool Advances => StepTokens > 0 && StepTokens >= UncomputedTokens;

    public void Free()
    {
        State = SlotState.Free;
        Request = null;
        Computed = 0;
        StepTokens = 0;
        IsPrefilling = false;
        IsHeld = false;
        AwaitsRoom = false;
        IsPinned = false;
        IsContinued = false;
        Refusals = 0;
        PathLength = 0;
    }
}

/// <summary>What a slot is used for.</summary>
internal enum SlotState
{
    /// <summary>Nothing; the engine knows nothing about it.</summary>
    Free,

    /// <summary>A running request's sequence.</summary>
    Running,

    /// <summary>A finished sequence whose KV is kept for reuse.</summary>
    Parked,

    /// <summary>A sequence that ended; the engine is told with the next plan.</summary>
    Leaving,
}
