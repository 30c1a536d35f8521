using KvScheduling.Simulation;

namespace KvScheduling.Tool;

/// <summary>One replay to do.</summary>
/// <param name="Choice">The policy.</param>
/// <param name="Workload">What arrives.</param>
/// <param name="Settings">What it runs on, before the policy's own changes.</param>
internal sealed record PlannedRun(PolicyChoice Choice, Workload Workload, SimulationSettings Settings);
