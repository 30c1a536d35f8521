namespace KvScheduling;

/// <summary>Thresholds of WAIT: how many requests of a type must wait before a batch with that type runs.</summary>
/// <remarks>
/// <para>Source of the condition: arXiv 2504.11320, section 3. M^π = Σ n_j A_j, ΔT(n) = d0 + Σ n_j w_j, and thresholds are good when ΔT(n) ≤ n_j / λ_j for every type and M^π ≤ C.</para>
/// <para>The integer rule is ours: from n_j = 1 upwards, n_j = max(n_j, ⌈λ_j ΔT(n)(1 + ε)⌉) until nothing changes. It gives the smallest integer thresholds with slack ε.</para>
/// </remarks>
public sealed record WaitThresholds
{
    /// <summary>Rounding noise that must not push a threshold up.</summary>
    private const double Noise = 1e-12;

    private WaitThresholds()
    {
    }

    /// <summary>Whether the condition holds and the KV fits.</summary>
    public required bool IsFeasible { get; init; }

    /// <summary>n_j, by type.</summary>
    public required IReadOnlyList<int> Thresholds { get; init; }

    /// <summary>M^π: KV tokens held when every stage is full.</summary>
    public required double KvTokens { get; init; }

    /// <summary>ΔT(n): the time of a full iteration, in seconds.</summary>
    public required double IterationSeconds { get; init; }

    /// <summary>Selects the smallest integer thresholds with slack.</summary>
    /// <param name="types">The types; at least one.</param>
    /// <param name="cost">What iterations cost.</param>
    /// <param name="kvTokens">C: the KV budget in tokens; above 0.</param>
    /// <param name="slack">ε: by how much a full iteration must be shorter than the arrivals of a threshold take; 0 or more.</param>
    /// <returns>The thresholds. When none are feasible, those in proportion to the rates that the budget allows, at least 1 each: merge types, or the load is too high.</returns>
    /// <exception cref="ArgumentException">Nothing arrives.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of its range.</exception>
    public static WaitThresholds Select(IReadOnlyList<FluidType> types, FluidCost cost, double kvTokens, double slack)
    {
        ArgumentNullException.ThrowIfNull(types);
        ArgumentNullException.ThrowIfNull(cost);
        FluidGuard.Positive(kvTokens, nameof(kvTokens));
        FluidGuard.NotNegative(slack, nameof(slack));
        double kvStages = types.Sum(type => FluidGuard.NotNegative(type.ArrivalRate, nameof(types)) * type.Work.KvTokens);
        if (kvStages <= 0)
        {
            throw new ArgumentException("Thresholds need at least one type with an arrival rate above 0 and a prompt.", nameof(types));
        }

        int[] thresholds = new int[types.Count];
        Array.Fill(thresholds, 1);
        while (true)
        {
            if (HeldBy(types, thresholds) > kvTokens)
            {
                return Describe(types, cost, kvTokens, Proportional(types, kvTokens, kvStages));
            }

            double cycle = IterationOf(types, cost, thresholds) * (1 + slack);
            bool changed = false;
            for (int j = 0; j < thresholds.Length; j++)
            {
                double needed = Math.Ceiling((types[j].ArrivalRate * cycle) - Noise);
                if (needed > thresholds[j])
                {
                    thresholds[j] = (int)Math.Min(needed, int.MaxValue);
                    changed = true;
                }
            }

            if (!changed)
            {
                return Describe(types, cost, kvTokens, thresholds);
            }
        }
    }

    /// <summary>Judges given thresholds.</summary>
    /// <param name="types">The types.</param>
    /// <param name="cost">What iterations cost.</param>
    /// <param name="kvTokens">C: the KV budget in tokens; above 0.</param>
    /// <param name="thresholds">n_j by type; 1 or more each.</param>
    /// <returns>Whether they are feasible, and what they hold and take.</returns>
    /// <exception cref="ArgumentException">There is not one threshold per type, or one is below 1.</exception>
    public static WaitThresholds Check(IReadOnlyList<FluidType> types, FluidCost cost, double kvTokens, IReadOnlyList<int> thresholds)
    {
        ArgumentNullException.ThrowIfNull(types);
        ArgumentNullException.ThrowIfNull(cost);
        ArgumentNullException.ThrowIfNull(thresholds);
        if (thresholds.Count != types.Count || thresholds.Any(n => n < 1))
        {
            throw new ArgumentException($"There must be one threshold of at least 1 for each of the {types.Count} types.", nameof(thresholds));
        }

        return Describe(types, cost, kvTokens, [.. thresholds]);
    }

    private static WaitThresholds Describe(IReadOnlyList<FluidType> types, FluidCost cost, double kvTokens, int[] thresholds)
    {
        double held = HeldBy(types, thresholds);
        double iteration = IterationOf(types, cost, thresholds);
        bool isFeasible = held <= kvTokens;
        for (int j = 0; j < thresholds.Length; j++)
        {
            isFeasible &= types[j].ArrivalRate * iteration <= thresholds[j] + Noise;
        }

        return new WaitThresholds { IsFeasible = isFeasible, Thresholds = thresholds, KvTokens = held, IterationSeconds = iteration };
    }

    private static int[] Proportional(IReadOnlyList<FluidType> types, double kvTokens, double kvStages) =>
        [.. types.Select(type => (int)Math.Clamp(Math.Floor(kvTokens * type.ArrivalRate / kvStages), 1, int.MaxValue))];

    private static double HeldBy(IReadOnlyList<FluidType> types, int[] thresholds) =>
        types.Select((type, j) => thresholds[j] * type.Work.KvTokens).Sum();

    private static double IterationOf(IReadOnlyList<FluidType> types, FluidCost cost, int[] thresholds) =>
        cost.BaseSeconds + types.Select((type, j) => thresholds[j] * cost.SecondsOf(type.Work)).Sum();
}
