namespace KvScheduling;

/// <summary>Nested WAIT for a live engine, with independent segments: new requests start together by the threshold of the first segment, and as long as the later ones hold no more than planned.</summary>
/// <remarks>
/// After arXiv 2504.11320, section 4. Output lengths are unknown, so a request passes segments of decodes learned from past lengths. The residents past each boundary are capped at what the fluid
/// equilibrium has there and the safety buffer of <see cref="NestedWaitThresholds"/>; above a cap, once the buffer is in use, admission stops. With KV to spare the caps do not count, and what runs is
/// never paused.
/// </remarks>
internal sealed class NestedWaitGate : CohortGate
{
    private const int History = 1024;

    /// <summary>How much more than expected may go on to the next segment.</summary>
    private const double Margin = 0.05;
    private const double LargestShare = 0.99;

    /// <summary>The buffer takes at most this part of the KV budget.</summary>
    private const double LargestBuffer = 0.1;

    private readonly NestedWaitOptions _options;
    private readonly double _kvTokens;
    private readonly int[] _outputs = new int[History];
    private readonly int[] _boundaries;
    private readonly int[] _caps;
    private readonly int[] _past;
    private long _completed;
    private double _meanPrompt;
    private double _buffer;
    private int _segments = 1;

    public NestedWaitGate(PolicyContext context)
        : base(context.Options.Wait, cohorts: 1)
    {
        _options = context.Options.NestedWait;
        _kvTokens = context.KvBudgetTokens;
        _boundaries = new int[_options.SegmentCount];
        _caps = new int[_options.SegmentCount];
        _past = new int[_options.SegmentCount];
    }

    public override string Name => SchedulingPolicies.NestedWait;

    public override int CohortOf(SchedulableRequest request) => 0;

    protected override void Learn(int promptTokens, int outputTokens)
    {
        _outputs[_completed++ % History] = Math.Max(outputTokens - 1, 1);
        _meanPrompt += (promptTokens - _meanPrompt) / Math.Min(_completed, History);
    }

    protected override bool MustDrain(in GateConditions conditions)
    {
        // While the buffer is free nothing can overflow, so nobody has to wait for it.
        if (_segments < 2 || conditions.KvUsedTokens + _buffer <= _kvTokens)
        {
            return false;
        }

        Array.Clear(_past);
        foreach (SequenceSlot slot in conditions.Running)
        {
            int generated = slot.Request!.GeneratedTokens;
            for (int k = 1; k < _segments && generated > _boundaries[k - 1]; k++)
            {
                _past[k]++;
            }
        }

        for (int k = 1; k < _segments; k++)
        {
            if (_past[k] > _caps[k])
            {
                return true;
            }
        }

        return false;
    }

    protected override double ComputeThresholds(in StepCosts costs, TimeSpan now)
    {
        FluidCost cost = costs.ToFluid();
        double rate = CohortAt(0).Arrivals.PerSecond(now);
        if (rate <= 0)
        {
            return 0;
        }

        int[] lengths = _outputs[..(int)Math.Min(_completed, History)];
        int prompt = Math.Max((int)Math.Round(_meanPrompt), 1);
        var work = new FluidWork(prompt, lengths.Average(), lengths.Average(length => FluidWork.Of(prompt, length).DecodeKvTokens));
        FluidEquilibrium fluid = FluidEquilibrium.Solve([new FluidType(rate, work)], cost, _kvTokens);
        double cycle = CycleSeconds(fluid, _kvTokens, rate * work.KvTokens);
        CohortAt(0).Aim(rate * cycle);
        double step = fluid.Exists ? fluid.IterationSeconds : cycle / Options.CycleSteps;
        SetSegments(SegmentDesign.EqualKv(lengths, prompt, _options.SegmentCount), lengths, prompt, rate, step, cost.BaseSeconds);
        return cycle;
    }

    private void SetSegments(IReadOnlyList<DecodeSegment> segments, int[] lengths, int prompt, double rate, double step, double stepBase)
    {
        _segments = segments.Count;
        double[] perStage = new double[_segments];
        double[] continues = new double[_segments - 1];
        perStage[0] = rate * step * (1 + Options.Slack);
        for (int k = 0; k < _segments; k++)
        {
            _boundaries[k] = segments[k].EndDecode;
            if (k > 0)
            {
                continues[k - 1] = Math.Min(segments[k].ContinueShare, LargestShare - Margin);
                perStage[k] = perStage[k - 1] * (continues[k - 1] + Margin);
            }
        }

        NestedWaitThresholds needed = NestedWaitThresholds.Compute(
            prompt, _boundaries[.._segments], perStage, continues, stepBase, _options.Horizon.TotalSeconds, _options.FailureProbability);
        _buffer = Math.Min(needed.BufferKvTokens, LargestBuffer * _kvTokens);
        for (int k = 1; k < _segments; k++)
        {
            int boundary = _boundaries[k - 1];
            double resident = rate * step * lengths.Average(length => Math.Max(length - boundary, 0)) * (1 + Options.Slack);
            _caps[k] = (int)Math.Min(Math.Ceiling(resident + needed.BoundaryRequests[k - 1]), int.MaxValue);
        }
    }
}
