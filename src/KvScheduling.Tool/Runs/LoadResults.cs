namespace KvScheduling.Tool;

/// <summary>What the policies made of a workload at one load.</summary>
/// <param name="Workload">The workload at that rate.</param>
/// <param name="Load">Its load on the engine.</param>
/// <param name="Policies">The policies, in the order in which they were asked for.</param>
internal sealed record LoadResults(Workload Workload, double Load, IReadOnlyList<PolicyResult> Policies);
