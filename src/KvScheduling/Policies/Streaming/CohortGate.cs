namespace KvScheduling;

/// <summary>Holds new requests back until enough of their kind wait, the oldest has waited long enough, or few requests run.</summary>
/// <remarks>Gates admissions only: what runs is never paused. Once a cohort is let through, it stays open until none of it waits, so that memory decides from there on.</remarks>
internal abstract class CohortGate : IStartGate
{
    private readonly Cohort[] _cohorts;
    private TimeSpan _now;
    private TimeSpan _nextRefit;
    private TimeSpan _maxHold;
    private TimeSpan? _firstArrival;
    private long _completions;
    private bool _isShut;

    protected CohortGate(WaitOptions options, int cohorts)
    {
        Options = options;
        _maxHold = options.MaxHold;
        _cohorts = new Cohort[cohorts];
        for (int i = 0; i < cohorts; i++)
        {
            _cohorts[i] = new Cohort(options.RateWindow);
        }
    }

    public abstract string Name { get; }

    public int CohortCount => _cohorts.Length;

    public Cohort CohortAt(int index) => _cohorts[index];

    public virtual SchedulingRegime Regime
    {
        get
        {
            foreach (Cohort cohort in _cohorts)
            {
                if (cohort.Threshold > 1)
                {
                    return SchedulingRegime.Cohorts;
                }
            }

            return SchedulingRegime.Stream;
        }
    }

    public TimeSpan? NextWake
    {
        get
        {
            TimeSpan? next = null;
            foreach (Cohort cohort in _cohorts)
            {
                if (!cohort.IsOpen && cohort.OldestSince is TimeSpan since && !(next < since + _maxHold))
                {
                    next = since + _maxHold;
                }
            }

            return next;
        }
    }

    protected WaitOptions Options { get; }

    protected StepCostFit Costs { get; } = new();

    /// <summary>The cohort that a request belongs to.</summary>
    public abstract int CohortOf(SchedulableRequest request);

    public bool IsHeld(int cohort) => _isShut || !_cohorts[cohort].IsOpen;

    public bool IsHeld(SchedulableRequest request) => IsHeld(request.Place.Cohort);

    public void Decide(in GateConditions conditions)
    {
        _now = conditions.Now;
        Observe(_now);
        if (_now >= _nextRefit)
        {
            Refit();
        }

        bool isQuiet = conditions.Running.Count < Options.BypassBelow || LetsEverybodyThrough;
        _isShut = !isQuiet && MustDrain(conditions);
        foreach (Cohort cohort in _cohorts)
        {
            if (cohort.Waiting == 0)
            {
                cohort.IsOpen = false;
            }
            else if (isQuiet || cohort.Waiting >= cohort.Threshold || _now - cohort.OldestSince >= _maxHold)
            {
                cohort.IsOpen = true;
            }
        }
    }

    public virtual void OnQueued(SchedulableRequest request, TimeSpan now)
    {
        _firstArrival ??= now;
        _cohorts[request.Place.Cohort].Add(request, now);
    }

    public virtual void OnLeft(SchedulableRequest request) => _cohorts[request.Place.Cohort].OnRemoved();

    public void OnCompleted(SchedulableRequest request)
    {
        _completions++;
        Learn(request.PromptTokens, request.GeneratedTokens);
    }

    public virtual void OnStep(in StepShape shape, TimeSpan duration) => Costs.Add(shape, duration);

    /// <summary>A request completed with these lengths.</summary>
    protected abstract void Learn(int promptTokens, int outputTokens);

    /// <summary>Computes thresholds anew.</summary>
    /// <returns>The seconds in which a cohort gathers.</returns>
    protected abstract double ComputeThresholds(in StepCosts costs, TimeSpan now);

    /// <summary>Whether nobody is held at present.</summary>
    protected virtual bool LetsEverybodyThrough => false;

    /// <summary>A step is planned.</summary>
    protected virtual void Observe(TimeSpan now)
    {
    }

    /// <summary>Whether nobody may start until some of what runs has gone on.</summary>
    protected virtual bool MustDrain(in GateConditions conditions) => false;

    /// <summary>T: how long arrivals are gathered; from the iteration time at equilibrium to the time that fills the memory.</summary>
    protected double CycleSeconds(FluidEquilibrium fluid, double kvTokens, double kvPerSecond)
    {
        double fills = kvTokens / kvPerSecond;
        return fluid.Exists ? Math.Min(fluid.IterationSeconds * (1 + Options.Slack) * Options.CycleSteps, fills) : fills;
    }

    private void Refit()
    {
        _nextRefit = _now + Options.RefitInterval;
        bool isWarm = _completions >= Options.WarmUpCompletions || (_firstArrival is TimeSpan first && _now - first >= Options.WarmUpTime);
        if (!isWarm || _completions == 0 || !Costs.IsReady)
        {
            return;
        }

        double cycle = ComputeThresholds(Costs.Fit(), _now);

        // Nobody waits longer than two cycles would take.
        _maxHold = cycle < Options.MaxHold.TotalSeconds / 2 ? TimeSpan.FromSeconds(2 * cycle) : Options.MaxHold;
    }
}
