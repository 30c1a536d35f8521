namespace KvScheduling.Simulation;

/// <summary>One run: the workload's arrivals, the production scheduler core, the virtual engine, and a clock that jumps from event to event.</summary>
internal sealed class SimulationRun : IDisposable
{
    /// <summary>How many steps pass between two looks at the caller's cancellation.</summary>
    private const int CancellationInterval = 1024;

    /// <summary>So many evictions in a row without a completion are requests that take each other's progress for ever.</summary>
    private const long MostFutileEvictions = 100_000;

    private readonly SimulationSettings _settings;
    private readonly SchedulerCore _core;
    private readonly VirtualEngine _engine;
    private readonly ArrivalStream _arrivals;
    private readonly RunMeasures _measures;
    private readonly StreamLogSink? _log;
    private readonly StepPlan _plan = new();
    private readonly List<SimulatedRequest> _satisfied = [];
    private readonly PriorityQueue<SimulatedRequest, TimeSpan> _impatient = new();
    private TimeSpan _now;
    private (long Completions, long Evictions) _lastProgress;

    public SimulationRun(string policy, IEnumerable<WorkloadRequest> workload, SimulationSettings settings)
    {
        _settings = settings;
        (KvSchedulingOptions options, EngineDescription engine) = SimulatedScheduler.Describe(policy, settings);
        Func<PolicyContext, ISchedulingPolicy> factory = settings.PolicyFactory ?? PolicyCatalog.Get(policy, settings.AdditionalPolicies);
        long budget = KvBudget.Resolve(options, engine);
        _log = settings.DecisionLog is Stream log ? new StreamLogSink(log) : null;
        DecisionRecorder? recorder = _log is null ? null : new DecisionRecorder(_log, names: null);
        _core = new SchedulerCore(options, engine, () => factory(new PolicyContext(options, engine, budget)), observer: null, recorder);
        _engine = new VirtualEngine(engine.MaxSequences, engine.BlockTokens);
        _arrivals = new ArrivalStream(workload, new RequestFactory(this, settings, _core, engine.MaxContextTokens));
        _measures = new RunMeasures(_core.KvBudgetTokens / engine.BlockTokens, settings);
    }

    public SimulationResult Execute(IProgress<long>? progress, CancellationToken cancellationToken)
    {
        long turns = 0;
        while (TryStep())
        {
            if (++turns % CancellationInterval == 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
                progress?.Report(_measures.Completed);
            }
        }

        _log?.Close(lost: 0);
        return _measures.Result(_core);
    }

    public void Dispose() => _arrivals.Dispose();

    /// <summary>The request has all its tokens although its limit is higher; its caller says so behind the step.</summary>
    public void HasWhatItWanted(SimulatedRequest request) => _satisfied.Add(request);

    public void OnEnded(SimulatedRequest request, in RequestEnd end, TimeSpan now)
    {
        if (end.State == RequestState.Completed)
        {
            _measures.OnCompleted(request, now);
        }
        else
        {
            _measures.OnNotCompleted(request, end.State);
        }
    }

    /// <summary>One turn of the loop; false when all work is done.</summary>
    private bool TryStep()
    {
        while (_arrivals.Next is TimeSpan arrival && arrival <= _now)
        {
            SimulatedRequest request = _arrivals.Take();
            _core.Enqueue(request, arrival);
            if (request.GivesUp is TimeSpan givesUp)
            {
                _impatient.Enqueue(request, givesUp);
            }
        }

        CancelImpatient();

        if (!_core.HasWork)
        {
            if (_arrivals.Next is not TimeSpan arrival)
            {
                return false;
            }

            AdvanceTo(arrival);
            return true;
        }

        _core.Plan(_plan, _now);
        foreach (int slot in _plan.Removals)
        {
            _engine.Remove(slot);
        }

        foreach (PlannedStart start in _plan.Starts)
        {
            _engine.Start(start);
        }

        if (_settings.CheckInvariants)
        {
            CheckInvariants();
        }

        if (_plan.Items.IsEmpty)
        {
            WaitForEvent();
        }
        else
        {
            RunStep();
        }

        return true;
    }

    /// <summary>Callers who waited long enough leave; those who were started by then stay.</summary>
    private void CancelImpatient()
    {
        while (_impatient.TryPeek(out SimulatedRequest? request, out TimeSpan givesUp) && givesUp <= _now)
        {
            _impatient.Dequeue();
            if (request is { State: RequestState.Queued, Evictions: 0 })
            {
                _core.Cancel(request, givesUp);
            }
        }
    }

    private void RunStep()
    {
        var shape = new StepShape();
        long usedBlocks = _engine.UsedBlocks;
        ReadOnlySpan<StepEvent> events = _engine.Run(_plan.Items, ref shape);
        TimeSpan end = _now + _settings.CostModel.IterationTime(shape);
        _measures.OnStep(usedBlocks, _core.WaitingCount, _core.RunningCount, end);
        _measures.OnStepDone(_engine.UsedBlocks);
        _now = end;
        _core.Complete(events, end);
        foreach (SimulatedRequest request in _satisfied)
        {
            _core.Finish(request, end);
        }

        _satisfied.Clear();
        _measures.OnEvictions(_core.Counters.Evictions, end);
        RequireProgress();
    }

    private void RequireProgress()
    {
        (long completions, long evictions) = (_core.Counters.Completed, _core.Counters.Evictions);
        if (completions > _lastProgress.Completions)
        {
            _lastProgress = (completions, evictions);
        }
        else if (evictions - _lastProgress.Evictions > MostFutileEvictions)
        {
            throw new WorkloadException($"Under '{_core.PolicyName}' the {_core.RunningCount} requests that hold KV evict each other for ever: {MostFutileEvictions} evictions without a completion. "
                + "Raise the KV budget, lower the most running requests, or let evicted requests keep their tokens (recompute).");
        }
    }

    /// <summary>Nothing can run: time goes on to the next arrival, or to when the scheduler asked to be asked again.</summary>
    private void WaitForEvent()
    {
        TimeSpan? next = _core.NextWake;
        if (_arrivals.Next is TimeSpan arrival && !(next < arrival))
        {
            next = arrival;
        }

        if (_impatient.TryPeek(out _, out TimeSpan givesUp) && !(next < givesUp))
        {
            next = givesUp;
        }

        if (!_core.HasWork)
        {
            return;
        }

        if (next is not TimeSpan until || until <= _now)
        {
            throw new InvalidOperationException(
                $"The policy '{_core.PolicyName}' stalled: {_core.WaitingCount} requests wait, {_core.RunningCount} hold KV, nothing is planned, and there is nothing to wait for.");
        }

        AdvanceTo(until);
    }

    private void AdvanceTo(TimeSpan time)
    {
        _measures.OnStep(_engine.UsedBlocks, _core.WaitingCount, _core.RunningCount, time);
        _now = time;
    }

    private void CheckInvariants()
    {
        _core.CheckInvariants();
        long used = _core.KvUsedTokens / _settings.BlockTokens;
        if (used != _engine.UsedBlocks)
        {
            throw new InvalidOperationException($"The engine holds {_engine.UsedBlocks} blocks, the ledger charges {used}.");
        }
    }
}
