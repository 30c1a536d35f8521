using KvScheduling.Simulation;

namespace KvScheduling.Tool;

/// <summary>Replays a workload at several loads with several policies.</summary>
internal static class Sweep
{
    /// <summary>Replays at each of the loads, or at the rate that the workload has where none is given.</summary>
    /// <returns>The results by load, in the order given.</returns>
    /// <exception cref="WrongInput">The workload has no rate that could be changed.</exception>
    public static IReadOnlyList<LoadResults> Run(
        Workload workload,
        IReadOnlyList<double> loads,
        IReadOnlyList<PolicyChoice> choices,
        SimulationSettings settings,
        ToolConsole console,
        CancellationToken cancellationToken)
    {
        Workload[] workloads = loads.Count == 0 ? [workload] : [.. loads.Select(load => workload.AtLoad(load, settings))];
        PlannedRun[] runs = [.. workloads.SelectMany(each => choices.Select(choice => new PlannedRun(choice, each, settings)))];
        SimulationResult[] results = PlannedRuns.Run(runs, console, cancellationToken);
        return
        [
            .. workloads.Select((each, i) => new LoadResults(
                each,
                each.Totals.Load(settings),
                [.. choices.Select((choice, j) => new PolicyResult(choice.Label, results[(i * choices.Count) + j]))])),
        ];
    }
}
