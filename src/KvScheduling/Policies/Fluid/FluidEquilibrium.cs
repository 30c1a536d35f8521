namespace KvScheduling;

/// <summary>The fluid equilibrium of a stream of requests: the state in which, with arrivals as a fluid, every iteration is like the last.</summary>
/// <remarks>
/// <para>Source: arXiv 2504.11320, sections 2.1 and 2.2, with the iteration cost of <see cref="FluidCost"/>. With w_j seconds of work and A_j KV token stages per request of type j:</para>
/// <para>ρ = Σ λ_j w_j; it exists when ρ &lt; 1. Then ΔT* = d0 / (1 − ρ), n*_j = λ_j ΔT* requests at each stage, M* = ΔT* Σ λ_j A_j.</para>
/// </remarks>
public sealed record FluidEquilibrium
{
    /// <summary>An equilibrium that fills the memory exactly fits it, whatever the last bits of its sums.</summary>
    private const double Rounding = 1e-12;

    private FluidEquilibrium()
    {
    }

    /// <summary>ρ: seconds of work that arrive per second, beside the base cost of iterations.</summary>
    public required double Load { get; init; }

    /// <summary>Whether the equilibrium exists: <see cref="Load"/> below 1. Otherwise latencies grow without bound under every policy (Proposition 1 of the paper).</summary>
    public bool Exists => Load < 1;

    /// <summary>Whether the equilibrium exists and its KV fits the budget.</summary>
    public required bool IsStable { get; init; }

    /// <summary>ΔT*: the time of an iteration, in seconds; not a number when there is no equilibrium.</summary>
    public required double IterationSeconds { get; init; }

    /// <summary>n*_j: requests of each type at each stage; empty when there is no equilibrium.</summary>
    public required IReadOnlyList<double> RequestsPerStage { get; init; }

    /// <summary>M*: KV tokens held; not a number when there is no equilibrium.</summary>
    public required double KvTokens { get; init; }

    /// <summary>Thr*: decodes per second, Σ λ_j l'_j.</summary>
    public required double TokensPerSecond { get; init; }

    /// <summary>The factor on all rates at which the load is 1: what computing alone allows.</summary>
    public required double CriticalRateScale { get; init; }

    /// <summary>The factor on all rates at which M* is the KV budget: the border of the stable region. At most <see cref="CriticalRateScale"/>.</summary>
    public required double StableRateScale { get; init; }

    /// <summary>Solves the fluid model.</summary>
    /// <param name="types">The types; at least one with arrivals and work.</param>
    /// <param name="cost">What iterations cost.</param>
    /// <param name="kvTokens">C: the KV budget in tokens; above 0.</param>
    /// <returns>The equilibrium, or what is known without one.</returns>
    /// <exception cref="ArgumentException">Nothing arrives.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The budget or a rate is out of its range.</exception>
    public static FluidEquilibrium Solve(IReadOnlyList<FluidType> types, FluidCost cost, double kvTokens)
    {
        ArgumentNullException.ThrowIfNull(types);
        ArgumentNullException.ThrowIfNull(cost);
        FluidGuard.Positive(kvTokens, nameof(kvTokens));
        double load = 0;
        double kvStages = 0;
        double tokens = 0;
        foreach (FluidType type in types)
        {
            double rate = FluidGuard.NotNegative(type.ArrivalRate, nameof(types));
            load += rate * cost.SecondsOf(type.Work);
            kvStages += rate * type.Work.KvTokens;
            tokens += rate * type.Work.DecodeTokens;
        }

        if (kvStages <= 0)
        {
            throw new ArgumentException("The fluid model needs at least one type with an arrival rate above 0 and a prompt.", nameof(types));
        }

        bool exists = load < 1;
        double iteration = exists ? cost.BaseSeconds / (1 - load) : double.NaN;
        return new FluidEquilibrium
        {
            Load = load,
            IsStable = exists && iteration * kvStages <= kvTokens * (1 + Rounding),
            IterationSeconds = iteration,
            RequestsPerStage = exists ? [.. types.Select(type => type.ArrivalRate * iteration)] : [],
            KvTokens = iteration * kvStages,
            TokensPerSecond = tokens,
            CriticalRateScale = 1 / load,
            StableRateScale = kvTokens / ((kvStages * cost.BaseSeconds) + (kvTokens * load)),
        };
    }
}
