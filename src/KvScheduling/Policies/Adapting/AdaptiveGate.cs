namespace KvScheduling;

/// <summary>Tells backlogs from streams, and holds requests under a stream only where cohorts pay.</summary>
/// <remarks>
/// A request is bulk when it comes from a backlog that is drained, or with at least <see cref="SmallestBurst"/> others between two steps and with <see cref="BurstFactor"/> times as many as the arrival
/// rate explains. While most of what waits is bulk, newcomers can't keep large requests from their turn for long, so order by size is safe, and it is the better one; under a stream the order of
/// arrival bounds every wait.
/// </remarks>
internal sealed class AdaptiveGate(PolicyContext context) : CohortGate(context.Options.Wait, cohorts: 1)
{
    private const int SmallestBurst = 16;
    private const double BurstFactor = 4;
    private const double RunningWeight = 0.02;

    private readonly List<SchedulableRequest> _fresh = [];
    private TimeSpan _lastPlan;
    private double _rate;
    private double _meanRunning;
    private int _bulk;

    public override string Name => SchedulingPolicies.Adaptive;

    public bool IsBacklog { get; private set; }

    public override SchedulingRegime Regime => IsBacklog ? SchedulingRegime.Backlog : base.Regime;

    protected override bool LetsEverybodyThrough => IsBacklog;

    public override int CohortOf(SchedulableRequest request) => 0;

    public override void OnQueued(SchedulableRequest request, TimeSpan now)
    {
        base.OnQueued(request, now);
        _bulk += request.Place.IsBulk ? 1 : 0;
        _fresh.Add(request);
    }

    public override void OnLeft(SchedulableRequest request)
    {
        base.OnLeft(request);
        _bulk -= request.Place.IsBulk ? 1 : 0;
    }

    public override void OnStep(in StepShape shape, TimeSpan duration)
    {
        base.OnStep(shape, duration);
        _meanRunning += RunningWeight * (shape.DecodeRows - _meanRunning);
    }

    protected override void Learn(int promptTokens, int outputTokens)
    {
    }

    protected override double ComputeThresholds(in StepCosts costs, TimeSpan now)
    {
        int size = CohortEconomy.Size(_rate, costs.PrefillExtra, _meanRunning);
        CohortAt(0).Aim(size);
        return _rate > 0 ? size / _rate : 0;
    }

    protected override void Observe(TimeSpan now)
    {
        if (_fresh.Count > 0)
        {
            MarkBurst(now);
            _fresh.Clear();
        }

        _lastPlan = now;
        _rate = CohortAt(0).Arrivals.PerSecond(now);

        // Half to enter and a quarter to stay, so that a line in between does not go to and fro.
        int waiting = CohortAt(0).Waiting;
        IsBacklog = _bulk > 0 && (IsBacklog ? 4L * _bulk >= waiting : 2L * _bulk > waiting);
    }

    private void MarkBurst(TimeSpan now)
    {
        // The rate as it was before they came.
        double explained = _rate * Math.Max((now - _lastPlan).TotalSeconds, 0);
        if (_fresh.Count < SmallestBurst || _fresh.Count < BurstFactor * explained)
        {
            return;
        }

        foreach (SchedulableRequest request in _fresh)
        {
            if (!request.Place.IsBulk)
            {
                request.Place.IsBulk = true;
                _bulk += WaitingLine.Contains(request) ? 1 : 0;
            }
        }
    }
}
