namespace KvScheduling;

/// <summary>What a policy may know when it is made.</summary>
/// <param name="Options">The scheduler's settings.</param>
/// <param name="Engine">The engine.</param>
/// <param name="KvBudgetTokens">The KV budget in tokens.</param>
public sealed record PolicyContext(KvSchedulingOptions Options, EngineDescription Engine, long KvBudgetTokens);
