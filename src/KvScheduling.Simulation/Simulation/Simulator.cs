namespace KvScheduling.Simulation;

/// <summary>Replays workloads in virtual time through the scheduler that runs in production: its policies, its KV ledger, its admission, eviction and step
/// composition.</summary>
/// <remarks>Deterministic: the same workload, settings and policy give the same result, whatever machine or clock. The only thing that is simulated is the
/// engine.</remarks>
public static class Simulator
{
    /// <summary>The names of the built-in policies, all of which can be simulated.</summary>
    public static IReadOnlyList<string> Policies => PolicyCatalog.Names;

    /// <summary>Replays a workload until its last request is done.</summary>
    /// <param name="policy">The policy's name, one of <see cref="Policies"/> or of <see cref="SimulationSettings.AdditionalPolicies"/>.</param>
    /// <param name="workload">The requests in the order of their arrival; read as time goes on, once.</param>
    /// <param name="settings">What it is replayed on.</param>
    /// <param name="progress">Told of the number of completions now and then.</param>
    /// <param name="cancellationToken">Ends the run.</param>
    /// <returns>What was measured.</returns>
    /// <exception cref="ArgumentException">No policy has this name, or a setting is out of its range.</exception>
    /// <exception cref="WorkloadException">A request of the workload can never run, or they are not sorted by arrival.</exception>
    /// <exception cref="OperationCanceledException">The run was cancelled.</exception>
    public static SimulationResult Run(
        string policy,
        IEnumerable<WorkloadRequest> workload,
        SimulationSettings settings,
        IProgress<long>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(policy);
        ArgumentNullException.ThrowIfNull(workload);
        ArgumentNullException.ThrowIfNull(settings);
        settings.Validate();
        using var run = new SimulationRun(policy, workload, settings);
        return run.Execute(progress, cancellationToken);
    }
}
