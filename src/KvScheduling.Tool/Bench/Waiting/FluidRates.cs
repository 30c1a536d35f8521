using KvScheduling.Simulation;

namespace KvScheduling.Tool;

/// <summary>Up to which rates the fluid model has a workload stable.</summary>
/// <param name="Computing">The rate at which computing alone takes all the time.</param>
/// <param name="Memory">The rate at which the KV budget is full at equilibrium.</param>
/// <param name="Running">The rate at which the most running requests run at equilibrium.</param>
/// <param name="StepTokens">The rate at which an iteration computes the most tokens of a step at equilibrium.</param>
internal readonly record struct FluidRates(double Computing, double Memory, double Running, double StepTokens)
{
    public static FluidRates Of(WaitWorkload workload, SimulationSettings caps)
    {
        FluidCost cost = LinearCost.Of(caps);
        FluidWork work = ExactThresholds.MeanWork(workload.Sample);
        FluidEquilibrium one = FluidEquilibrium.Solve([new FluidType(1, work)], cost, caps.KvTokens);
        return new FluidRates(one.CriticalRateScale, one.StableRateScale, Full(caps.MaxRunningRequests, work.DecodeTokens + 1), Full(caps.MaxStepTokens, work.PrefillTokens + work.DecodeTokens));

        // As for the KV: λ · what a request takes over its stages · ΔT* = cap, with ΔT* = d0 / (1 − λw).
        double Full(double cap, double perRequest) => cap / ((perRequest * cost.BaseSeconds) + (cap * one.Load));
    }
}
