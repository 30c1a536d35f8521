namespace KvScheduling;

/// <summary>WAIT for a live engine: new requests of a type start together once as many wait as arrive in a cycle of the fluid equilibrium.</summary>
/// <remarks>
/// After arXiv 2504.11320, section 3. Differences, all for the sake of latency: only admissions are gated, nobody is held while few run, and no longer than a limit. Types, rates and the cost of
/// steps are learned; until then, and wherever a cycle brings less than one request of each type, nobody is held.
/// </remarks>
internal sealed class WaitGate : CohortGate
{
    private readonly double _kvTokens;
    private readonly RequestTypes _types;
    private readonly List<FluidType> _fluid = [];

    public WaitGate(PolicyContext context)
        : this(context, new RequestTypes(context.Options.Wait.PromptBins, context.Options.Wait.OutputBins))
    {
    }

    private WaitGate(PolicyContext context, RequestTypes types)
        : base(context.Options.Wait, types.Most)
    {
        _kvTokens = context.KvBudgetTokens;
        _types = types;
    }

    public override string Name => SchedulingPolicies.Wait;

    public override int CohortOf(SchedulableRequest request) => _types.TypeOf(request.PromptTokens, request.EstimatedOutputTokens);

    protected override void Learn(int promptTokens, int outputTokens) => _types.Add(promptTokens, outputTokens);

    protected override double ComputeThresholds(in StepCosts costs, TimeSpan now)
    {
        FluidCost cost = costs.ToFluid();
        _types.Refit();
        _fluid.Clear();
        double kvPerSecond = 0;
        for (int j = 0; j < CohortCount; j++)
        {
            FluidWork work = _types.WorkOf(j) ?? default;
            double rate = CohortAt(j).Arrivals.PerSecond(now);
            kvPerSecond += rate * work.KvTokens;
            _fluid.Add(new FluidType(rate, work));
        }

        if (kvPerSecond <= 0)
        {
            return 0;
        }

        double cycle = CycleSeconds(FluidEquilibrium.Solve(_fluid, cost, _kvTokens), _kvTokens, kvPerSecond);
        for (int j = 0; j < CohortCount; j++)
        {
            CohortAt(j).Aim(_fluid[j].ArrivalRate * cycle);
        }

        return cycle;
    }
}
