using KvScheduling.Simulation;

namespace KvScheduling.Tool;

/// <summary>A workload that can be replayed again and again.</summary>
/// <param name="Name">The file or mix.</param>
/// <param name="Requests">The requests; each enumeration reads or draws them anew where they are too many to keep.</param>
/// <param name="Totals">Sums over them.</param>
/// <param name="Skipped">Requests that no engine of the run could hold and that were left out.</param>
internal sealed record Workload(string Name, IEnumerable<WorkloadRequest> Requests, WorkloadTotals Totals, long Skipped)
{
    /// <summary>The same requests at another rate.</summary>
    public Workload AtRate(double scale) => scale == 1
        ? this
        : this with { Requests = Requests.Select(request => request with { Arrival = request.Arrival / scale }), Totals = Totals.AtRate(scale) };

    /// <summary>The same requests at the rate at which they are this load on an engine.</summary>
    /// <exception cref="WrongInput">They have no rate, or cost the engine no time.</exception>
    public Workload AtLoad(double load, SimulationSettings settings)
    {
        double natural = Totals.Load(settings);
        return double.IsFinite(natural) && natural > 0
            ? AtRate(load / natural)
            : throw new WrongInput("--load needs arrivals over some time and iterations that take time; all requests arrive at once, or the cost model is free. Leave --load out.");
    }
}
