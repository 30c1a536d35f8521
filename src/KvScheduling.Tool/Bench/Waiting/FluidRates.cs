using KvScheduling.Simulation;

namespace KvScheduling.Tool;

/// <summary>Up to which rates the fluid model has a workload stable.</summary>
/// <param name="Computing">The rate at which computing alone takes all the time.</param>
/// <param name="Memory">The rate at which the KV budget is full at equilibrium.</param>
/// <param name="Places">The rate at which the most running requests run at equilibrium.</param>
internal readonly record struct FluidRates(double Computing, double Memory, double Places)
{
    public static FluidRates Of(WaitWorkload workload, SimulationSettings caps)
    {
        FluidCost cost = LinearCost.Of(caps.CostModel, Math.Min(caps.PrefillChunkTokens, caps.MaxStepTokens), caps.MaxRunningRequests);
        FluidWork work = ExactThresholds.MeanWork(workload.Sample);
        FluidEquilibrium one = FluidEquilibrium.Solve([new FluidType(1, work)], cost, caps.KvTokens);

        // As for the KV: λ · stages · ΔT* = places, with ΔT* = d0 / (1 − λw).
        double places = caps.MaxRunningRequests / (((work.DecodeTokens + 1) * cost.BaseSeconds) + (caps.MaxRunningRequests * one.Load));
        return new FluidRates(one.CriticalRateScale, one.StableRateScale, places);
    }
}
