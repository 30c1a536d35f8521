namespace KvScheduling;

/// <summary>Instrument and attribute names. GenAI names follow the OpenTelemetry semantic conventions for generative AI (development status, model-server metrics of v1.41); the rest are ours.</summary>
internal static class MetricNames
{
    public const string RequestDuration = "gen_ai.server.request.duration";
    public const string TimeToFirstToken = "gen_ai.server.time_to_first_token";
    public const string TimePerOutputToken = "gen_ai.server.time_per_output_token";

    public const string Requests = "kv_scheduling.requests";
    public const string QueueDuration = "kv_scheduling.request.queue.duration";
    public const string RequestsRunning = "kv_scheduling.requests.running";
    public const string RequestsWaiting = "kv_scheduling.requests.waiting";
    public const string TokensWaiting = "kv_scheduling.tokens.waiting";
    public const string KvUtilization = "kv_scheduling.kv.utilization";
    public const string KvTokensUsed = "kv_scheduling.kv.tokens.used";
    public const string KvTokensReserved = "kv_scheduling.kv.tokens.reserved";
    public const string KvTokensParked = "kv_scheduling.kv.tokens.parked";
    public const string KvTokensCapacity = "kv_scheduling.kv.tokens.capacity";
    public const string PrefixQueryTokens = "kv_scheduling.prefix.query_tokens";
    public const string PrefixHitTokens = "kv_scheduling.prefix.hit_tokens";
    public const string Evictions = "kv_scheduling.evictions";
    public const string RecomputedTokens = "kv_scheduling.recomputed_tokens";
    public const string StepDuration = "kv_scheduling.step.duration";
    public const string StepTokens = "kv_scheduling.step.tokens";
    public const string StepBatchSize = "kv_scheduling.step.batch_size";
    public const string Decisions = "kv_scheduling.decisions";
    public const string RegimeSwitches = "kv_scheduling.policy.switches";
    public const string LostLogRecords = "kv_scheduling.decision_log.lost_records";
    public const string EngineFaults = "kv_scheduling.engine.faults";

    public const string OperationName = "gen_ai.operation.name";
    public const string ProviderName = "gen_ai.provider.name";
    public const string RequestModel = "gen_ai.request.model";
    public const string ErrorType = "error.type";
    public const string Instance = "kv_scheduling.instance";
    public const string Outcome = "kv_scheduling.outcome";
    public const string Reason = "kv_scheduling.reason";
    public const string Phase = "kv_scheduling.phase";
    public const string Regime = "kv_scheduling.regime";
    public const string FaultKind = "kv_scheduling.fault";

    public const string Operation = "chat";
    public const string Provider = "kvscheduling";
}
