namespace KvScheduling.Simulation;

/// <summary>What a plan must reach: a quantile of each time that has a limit must be within it.</summary>
/// <param name="Limits">The limits; at least one.</param>
/// <param name="Share">The quantile, above 0 and at most 1; 0.99 for the 99th percentile.</param>
public sealed record CapacityGoal(ServiceLevel Limits, double Share);
