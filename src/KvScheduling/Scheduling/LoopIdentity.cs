namespace KvScheduling;

/// <summary>What a loop is called in metrics, logs and reports.</summary>
internal sealed record LoopIdentity(string SchedulerName, string InstanceName);
