namespace KvScheduling.OnnxGenAI;

/// <summary>OgaEngineEventFlags. Test bits, never equality.</summary>
[Flags]
internal enum EngineEventFlags : uint
{
    None = 0,
    Token = 1,
    TurnFinished = 2,
    CapacityBlocked = 4,
    Failed = 8,
    Retryable = 16,
}

/// <summary>OgaErrorCode.</summary>
internal enum EngineErrorCode : uint
{
    None = 0,
    CapacityDeferred = 1,
    ExecutionCapacityExceeded = 2,
    RetryableExecution = 3,
    RequestUnserviceable = 4,
    EngineContractFailure = 5,
    EngineExecutionFailure = 6,
}

/// <summary>OgaFinishReason.</summary>
internal enum TurnFinishReason : uint
{
    None = 0,
    Eos = 1,
    StopString = 2,
    MaxGeneratedTokens = 3,
    MaxSessionTokens = 4,
    Cancelled = 5,
    Failed = 6,
}
