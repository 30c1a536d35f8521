using KvScheduling.Simulation;

namespace KvScheduling.Tool;

/// <summary>What a policy made of a workload.</summary>
/// <param name="Label">The policy as it was asked for.</param>
/// <param name="Result">What was measured.</param>
internal sealed record PolicyResult(string Label, SimulationResult Result);
