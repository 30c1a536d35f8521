using KvScheduling.Baselines;
using KvScheduling.Simulation;

namespace KvScheduling.Tool;

/// <summary>Two tenants on one engine: one floods it, the other is quiet; and the quiet one alone on half the KV and half the places, at full speed, and at half speed: its fair share of all that the
/// engine has.</summary>
/// <param name="QuietRate">Requests per second of the quiet tenant.</param>
internal sealed record FairnessCase(double QuietRate)
{
    /// <summary>Requests per second of the one that floods: more than the engine serves.</summary>
    public const double LoudRate = 8;

    private const string Quiet = "quiet";
    private const string Loud = "loud";
    private const double Seconds = 600;
    private const long KvTokens = 65_536;
    private const int Places = 32;

    /// <summary>Replays both workloads.</summary>
    public FairnessFigures Run(FairnessChoice choice, int seed, CancellationToken cancellationToken = default)
    {
        WorkloadRequest[] quiet = [.. Draw(QuietRate, Quiet, seed)];
        WorkloadRequest[] both = [.. quiet.Concat(Draw(LoudRate, Loud, seed + 1)).OrderBy(static request => request.Arrival)];
        SimulationResult alone = Simulator.Run(choice.Policy, quiet, Settings(choice, parts: 2, slowdown: 1), null, cancellationToken);
        SimulationResult share = Simulator.Run(choice.Policy, quiet, Settings(choice, parts: 2, slowdown: 2), null, cancellationToken);
        SimulationResult shared = Simulator.Run(choice.Policy, both, Settings(choice, parts: 1, slowdown: 1), null, cancellationToken);
        var ofQuiet = new TimeDistribution();
        var firstTokens = new TimeDistribution();
        var ofLoud = new TimeDistribution();
        for (int i = 0; i < both.Length; i++)
        {
            if (shared.Requests[i] is RequestTimes times)
            {
                (both[i].Tenant == Quiet ? ofQuiet : ofLoud).Add(times.Latency);
                if (both[i].Tenant == Quiet)
                {
                    firstTokens.Add(times.TimeToFirstToken);
                }
            }
        }

        return new FairnessFigures(this, choice, alone.Latency, share.Latency, ofQuiet, firstTokens, ofLoud);
    }

    private static SimulationSettings Settings(FairnessChoice choice, int parts, int slowdown) => new()
    {
        KvTokens = KvTokens / parts,
        BlockTokens = 16,
        MaxRunningRequests = Places / parts,
        MaxOutputTokens = 2000,
        CostModel = new SlicedCostModel(LinearCostModel.Llama2A100, slowdown),
        KeepRequests = true,
        AdditionalPolicies = BaselinePolicies.All,
        Configure = options => options.Fairness = choice.Fairness,
    };

    private static IEnumerable<WorkloadRequest> Draw(double rate, string tenant, int seed) =>
        SyntheticWorkload.Draw(RequestMixes.Get("chat"), ArrivalProcess.Poisson(rate), (long)(rate * Seconds), seed).Select(request => request with { Tenant = tenant });
}

/// <summary>A policy, and how tenants share under it.</summary>
/// <param name="Label">Its name in tables.</param>
/// <param name="Policy">The policy.</param>
/// <param name="Fairness">The scheduler's fairness.</param>
internal sealed record FairnessChoice(string Label, string Policy, TenantFairness Fairness)
{
    /// <summary>Virtual token counters of ours and start-time fair tags, side by side, between policies without either.</summary>
    public static IReadOnlyList<FairnessChoice> All { get; } =
    [
        new(SchedulingPolicies.Fcfs, SchedulingPolicies.Fcfs, TenantFairness.None),
        new("fcfs+vtc", SchedulingPolicies.Fcfs, TenantFairness.VirtualTokenCounter),
        new("svf+vtc", SchedulingPolicies.SmallestVolumeFirst, TenantFairness.VirtualTokenCounter),
        new(BaselinePolicies.DotLlm, BaselinePolicies.DotLlm, TenantFairness.None),
        new(BaselinePolicies.DotLlmSfq, BaselinePolicies.DotLlmSfq, TenantFairness.None),
    ];
}

/// <summary>What the tenants got.</summary>
/// <param name="Case">The case.</param>
/// <param name="Choice">The policy.</param>
/// <param name="Alone">Latencies of the quiet tenant alone on half the KV and half the places.</param>
/// <param name="Share">The same at half speed.</param>
/// <param name="Quiet">Latencies of the quiet tenant beside the flood.</param>
/// <param name="QuietFirstTokens">Its times to the first token.</param>
/// <param name="Loud">Latencies of the flood.</param>
internal sealed record FairnessFigures(
    FairnessCase Case, FairnessChoice Choice, TimeDistribution Alone, TimeDistribution Share, TimeDistribution Quiet, TimeDistribution QuietFirstTokens, TimeDistribution Loud)
{
    /// <summary>The quiet tenant's p99 relative to its p99 alone at full speed.</summary>
    public double OfAlone => Quiet.Quantile(0.99) / Alone.Quantile(0.99);

    /// <summary>The quiet tenant's p99 relative to its p99 alone on its fair share.</summary>
    public double OfShare => Quiet.Quantile(0.99) / Share.Quantile(0.99);
}

/// <summary>An engine that has every so many-th part of the time.</summary>
internal sealed class SlicedCostModel(IIterationCostModel model, int slices) : IIterationCostModel
{
    public TimeSpan IterationTime(in StepShape shape) => model.IterationTime(shape) * slices;
}
