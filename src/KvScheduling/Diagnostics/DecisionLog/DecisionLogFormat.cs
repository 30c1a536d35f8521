namespace KvScheduling;

/// <summary>The names in a decision log: one JSON object per line, a header, then one record per call of the scheduler's core, in order.</summary>
internal static class DecisionLogFormat
{
    public const string Log = "log";
    public const string LogName = "kvscheduling-decisions";
    public const string Version = "version";
    public const int CurrentVersion = 1;
    public const string Options = "options";
    public const string Engine = "engine";

    /// <summary>When, in ticks of 100 ns since the scheduler's start.</summary>
    public const string At = "at";

    /// <summary>What was asked of the scheduler: one of the names below.</summary>
    public const string Do = "do";
    public const string Arrive = "arrive";
    public const string Cancel = "cancel";
    public const string Finish = "finish";
    public const string Plan = "plan";
    public const string Step = "step";
    public const string FailStart = "fail-start";
    public const string FailStep = "fail-step";
    public const string LoseEngine = "lose-engine";
    public const string EndAll = "end-all";

    /// <summary>Records could not be written here.</summary>
    public const string Lost = "lost";

    /// <summary>The last record of a log that was closed.</summary>
    public const string Close = "close";

    public const string Id = "id";
    public const string Prompt = "prompt";
    public const string Limit = "limit";
    public const string Expected = "expected";
    public const string Priority = "priority";
    public const string Tenant = "tenant";
    public const string Weight = "weight";
    public const string Deadline = "deadline";
    public const string Bulk = "bulk";
    public const string Blocks = "blocks";
    public const string State = "state";
    public const string Rejection = "rejection";
    public const string Records = "records";

    /// <summary>Decisions, in order: [request, reason].</summary>
    public const string Decided = "decided";

    /// <summary>[request, slot, planned output, shared tokens, shared from slot].</summary>
    public const string Starts = "starts";
    public const string Freed = "freed";
    public const string Regime = "regime";

    /// <summary>Why the head of the line waits.</summary>
    public const string Head = "head";

    /// <summary>Whether prompts start with what a parked sequence holds, in the order in which that was asked: 1 or 0.</summary>
    public const string Compared = "compared";

    /// <summary>The step: [slot, tokens].</summary>
    public const string Items = "items";

    /// <summary>What the step computes: [prefill tokens, decode rows, KV tokens of those].</summary>
    public const string Shape = "shape";

    /// <summary>KV tokens charged after the plan, in whole blocks.</summary>
    public const string Kv = "kv";

    /// <summary>What a step did: [slot, computed tokens, one of <see cref="StepOutcome"/>].</summary>
    public const string Events = "events";
}

/// <summary>What a step did to a sequence, as far as decisions depend on it.</summary>
internal enum StepOutcome
{
    NoToken = 0,
    Token = 1,
    EndToken = 2,
    OutOfCapacity = 3,
    Failed = 4,
}
