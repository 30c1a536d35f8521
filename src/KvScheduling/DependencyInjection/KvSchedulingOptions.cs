using System.Text.Json.Serialization;

namespace KvScheduling;

/// <summary>Settings of one scheduler. Configuration section: <c>KvScheduling</c>.</summary>
public sealed class KvSchedulingOptions
{
    /// <summary>The KV budget in tokens.</summary>
    /// <value>At least one block; at most what the engine has. The default value is <see langword="null"/>: all of it (<see cref="EngineDescription.KvCapacityTokens"/>).</value>
    public long? KvBudgetTokens { get; set; }

    /// <summary>How much KV is reserved for output not yet generated.</summary>
    /// <value>The default value is <see cref="KvReservation.Predicted"/>.</value>
    public KvReservation Reservation { get; set; } = KvReservation.Predicted;

    /// <summary>The policy that orders the line: one of <see cref="SchedulingPolicies"/>, or the name of a policy that was registered.</summary>
    /// <value>The default value is <see cref="SchedulingPolicies.Adaptive"/>.</value>
    public string Policy { get; set; } = SchedulingPolicies.Adaptive;

    /// <summary>The most requests that hold KV at once (vLLM: <c>max_num_seqs</c>).</summary>
    /// <value>From 1 to 65,536. The default value is 256, or fewer where the engine has fewer slots.</value>
    public int MaxRunningRequests { get; set; } = 256;

    /// <summary>The most tokens computed in one step (vLLM: <c>max_num_batched_tokens</c>).</summary>
    /// <value>At least 1. The default value is 2048, or fewer where the engine has fewer.</value>
    public int MaxStepTokens { get; set; } = 2048;

    /// <summary>The most tokens of one prompt computed in one step, where the engine chunks prompts: what a long prompt may cost everybody's next token.</summary>
    /// <value>At least 1. The default value is 512.</value>
    public int PrefillChunkTokens { get; set; } = 512;

    /// <summary>The most prompts that are partly computed at once. Two that share the steps both end late; one behind the other, the first ends early.</summary>
    /// <value>At least 1. The default value is 1.</value>
    public int MaxPartialPrefills { get; set; } = 1;

    /// <summary>The most requests in the line. One more is refused with <see cref="SchedulingRejection.QueueFull"/>.</summary>
    /// <value>At least 1. The default value is 1024.</value>
    public int MaxQueuedRequests { get; set; } = 1024;

    /// <summary>The most prompt tokens in the line.</summary>
    /// <value>At least 1. The default value is <see langword="null"/>: 8 times the KV budget.</value>
    public long? MaxQueuedTokens { get; set; }

    /// <summary>The longest a request may wait for its first start before it is refused with <see cref="SchedulingRejection.DeadlineUnreachable"/>.</summary>
    /// <value>Above zero. The default value is <see langword="null"/>: only its own deadline counts.</value>
    public TimeSpan? QueueTimeout { get; set; }

    /// <summary>The output limit of requests that bring none, in tokens.</summary>
    /// <value>At least 1. The default value is 512.</value>
    public int DefaultMaxOutputTokens { get; set; } = 512;

    /// <summary>Whether requests may start past a blocked head when its earliest start does not move (EASY backfill).</summary>
    /// <value>The default value is <see langword="true"/>.</value>
    public bool Backfill { get; set; } = true;

    /// <summary>How many requests behind a blocked head are looked at in one step.</summary>
    /// <value>From 1 to 256. The default value is 64.</value>
    public int BackfillWindow { get; set; } = 64;

    /// <summary>How many requests may pass one blocked head. Bounds what a wrong length estimate can cost it.</summary>
    /// <value>0 or more. The default value is 128.</value>
    public int MaxOvertakes { get; set; } = 128;

    /// <summary>After this wait a request becomes the head of the line, oldest first, whatever policy and priorities say.</summary>
    /// <value>Above zero. The default value is 30 seconds; <see langword="null"/> turns promotion off.</value>
    public TimeSpan? PromoteAfter { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>A waiting request gains one priority in this time, so that lower priorities get their turn long before <see cref="PromoteAfter"/>, or without it.</summary>
    /// <value>Above zero. The default value is <see langword="null"/>: priorities are strict until promotion.</value>
    public TimeSpan? PriorityAgeing { get; set; }

    /// <summary>How tenants share the engine. With a fairness, <see cref="PromoteAfter"/> counts inside each tenant and priority only.</summary>
    /// <value>The default value is <see cref="TenantFairness.None"/>.</value>
    public TenantFairness Fairness { get; set; }

    /// <summary>The shares of tenants under <see cref="Fairness"/>, by name; a tenant that is not listed, and requests without one, weigh 1.</summary>
    /// <value>Above zero each. Empty by default.</value>
    public IDictionary<string, double> TenantWeights { get; init; } = new Dictionary<string, double>(StringComparer.Ordinal);

    /// <summary>Up to how many waiting requests <see cref="SchedulingPolicies.SortedF"/> finds the best batch exactly, by dynamic programming; above, greedily.</summary>
    /// <value>From 0 (always greedy) to 256. The default value is 32.</value>
    public int SortedFExactLimit { get; set; } = 32;

    /// <summary>Settings of <see cref="SchedulingPolicies.Wait"/>; beside their own rules <see cref="SchedulingPolicies.NestedWait"/> and <see cref="SchedulingPolicies.Adaptive"/> use them too.</summary>
    public WaitOptions Wait { get; set; } = new();

    /// <summary>Settings of <see cref="SchedulingPolicies.NestedWait"/>.</summary>
    public NestedWaitOptions NestedWait { get; set; } = new();

    /// <summary>How output lengths are estimated.</summary>
    public LengthEstimationOptions LengthEstimation { get; set; } = new();

    /// <summary>How many steps an evicted request that came back is safe from the next eviction, unless nothing else can be evicted.</summary>
    /// <value>At least 1. The default value is 8.</value>
    public int EvictionCooldownSteps { get; set; } = 8;

    /// <summary>With whom KV of prompts is shared when a request does not say.</summary>
    /// <value>The default value is <see cref="KvScheduling.PrefixScope.Tenant"/>.</value>
    public PrefixScope PrefixScope { get; set; } = PrefixScope.Tenant;

    /// <summary>The syntax in which the model writes tool calls, for chat requests that do not say.</summary>
    /// <value>The default value is <see cref="KvScheduling.ToolCallFormat.Auto"/>: picked by the model's chat template.</value>
    public ToolCallFormat ToolCallFormat { get; set; }

    /// <summary>How many finished sequences keep their KV for reuse until the room is needed.</summary>
    /// <value>0 (none) or more; always bounded by free slots and budget. The default value is 32.</value>
    public int MaxParkedSequences { get; set; } = 32;

    /// <summary>How often a request is tried again after steps that failed with it in the batch, before it fails itself.</summary>
    /// <value>0 or more. The default value is 2.</value>
    public int MaxStepRetries { get; set; } = 2;

    /// <summary>How often within ten minutes a lost or hung engine is built again before the scheduler gives up.</summary>
    /// <value>0 or more. The default value is 3.</value>
    public int MaxEngineRestarts { get; set; } = 3;

    /// <summary>After this long without a step ending while work is there, the engine counts as hung.</summary>
    /// <value>Above zero. The default value is 60 seconds.</value>
    public TimeSpan StallTimeout { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>How long a stopping scheduler lets running and waiting requests finish before it cancels them.</summary>
    /// <value>Zero or more. The default value is 10 seconds. Under a host, <c>HostOptions.ShutdownTimeout</c> must be longer.</value>
    public TimeSpan ShutdownTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Where decisions are logged so that they can be replayed.</summary>
    /// <value>No log by default.</value>
    public DecisionLogOptions DecisionLog { get; set; } = new();

    /// <summary>Whether the ledger and the line are checked against a recount after every step. For tests and for hunting a fault; costs microseconds per running request.</summary>
    /// <value>The default value is <see langword="false"/>.</value>
    public bool CheckInvariants { get; set; }

    /// <summary>Whether an evicted request loses the tokens that it generated and begins again. For simulations only: a live caller has read its tokens already. Decision logs name it where it is set.</summary>
    [JsonInclude]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    internal bool RestartsEvicted { get; set; }
}
