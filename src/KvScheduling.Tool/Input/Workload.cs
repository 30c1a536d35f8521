using KvScheduling.Simulation;

namespace KvScheduling.Tool;

/// <summary>A workload that can be replayed again and again.</summary>
/// <param name="Name">The file or mix.</param>
/// <param name="Requests">The requests at the rate asked for; each enumeration reads or draws them anew.</param>
/// <param name="Totals">Sums over them.</param>
/// <param name="Load">Their load on the engine of the run.</param>
/// <param name="Skipped">Requests that no engine of the run could hold and that were left out.</param>
internal sealed record Workload(string Name, IEnumerable<WorkloadRequest> Requests, WorkloadTotals Totals, double Load, long Skipped);
