namespace KvScheduling;

/// <summary>The scheduler without threads, clocks or engines: the line, the ledger, the policy and every rule between them. Deterministic; runs live and in
/// the simulator.</summary>
/// <remarks>One turn: <see cref="Plan"/>, the engine carries it out, <see cref="Complete"/> (or <see cref="FailStep"/>, <see cref="LoseEngine"/>). Nothing is
/// completed when the plan had no items.</remarks>
internal sealed class SchedulerCore
{
    private readonly SchedulerState _state;
    private readonly IStepDiscipline _discipline;
    private readonly StepResults _results;
    private readonly FaultRecovery _recovery;
    private readonly InvariantChecker _invariants;
    private readonly DecisionRecorder? _recorder;
    private StepPlan? _plan;
    private TimeSpan _stepStarted;
    private bool _isStepOpen;

    public SchedulerCore(KvSchedulingOptions options, EngineDescription engine, Func<ISchedulingPolicy> policyFactory, ISchedulerObserver? observer = null, DecisionRecorder? recorder = null)
    {
        _recorder = recorder;
        recorder?.OnOpened(options, engine);
        _state = new SchedulerState(options, engine, policyFactory, observer, recorder);
        var evictions = new EvictionPlanner(_state);
        _discipline = _state.Line.Policy is IDisciplinedPolicy disciplined ? disciplined.CreateDiscipline(_state) : new ContinuousBatching(_state, evictions);
        _results = new StepResults(_state, evictions);
        _recovery = new FaultRecovery(_state);
        _invariants = new InvariantChecker(_state);
    }

    public string PolicyName => _state.Line.PolicyName;

    public long KvBudgetTokens => _state.Limits.BudgetTokens;

    public int WaitingCount => _state.Line.Count;

    public long WaitingTokens => _state.Line.TokensToCompute;

    public int RunningCount => _state.Slots.Running.Count;

    /// <summary>Whether <see cref="Plan"/> has something to decide: requests that wait or run, or slots the engine must still free.</summary>
    public bool HasWork => WaitingCount > 0 || RunningCount > 0 || _state.Slots.Leaving.Count > 0;

    public SchedulerCounters Counters => _state.Counters;

    public long KvUsedTokens => _state.Ledger.UsedBlocks() * _state.Ledger.BlockTokens;

    public long KvReservedTokens => _state.Ledger.PeakBlocks() * _state.Ledger.BlockTokens;

    public long KvParkedTokens => _state.Parked.Blocks * _state.Ledger.BlockTokens;

    public double EstimateQuantile => _state.Estimator.Quantile;

    public DecisionReason HeadWaitReason { get; private set; }

    /// <summary>Smoothed seconds per step; 0 before the first.</summary>
    public double MeanStepSeconds => _state.Speed.MeanStepSeconds;

    /// <summary>What the policy does at present; none when it does not adapt.</summary>
    public SchedulingRegime Regime => _state.Gate?.Regime ?? SchedulingRegime.None;

    /// <summary>When <see cref="Plan"/> must be asked again although nothing happens (a deadline, a timeout, a promotion, a request held long enough); null
    /// when never.</summary>
    public TimeSpan? NextWake => Earlier(Earlier(_state.Expiries.Next, _state.Line.NextPromotion), _discipline.NextWake);

    /// <summary>Adds a request to the line. The caller has checked that it can ever fit (<see cref="CanEverFit"/>).</summary>
    public void Enqueue(SchedulableRequest request, TimeSpan now)
    {
        _state.Enqueue(request, now);
        _recorder?.OnEnqueued(request, now);
    }

    /// <summary>Whether a request of these lengths fits context and budget when it runs alone.</summary>
    public bool CanEverFit(int promptTokens, int maxOutputTokens) =>
        (long)promptTokens + maxOutputTokens <= _state.Limits.MaxContextTokens && _state.Ledger.CanEverFit(promptTokens, maxOutputTokens);

    /// <summary>Ends a request for its caller; nothing happens when it has ended already.</summary>
    public void Cancel(SchedulableRequest request, TimeSpan now)
    {
        if (request.State <= RequestState.Running)
        {
            _state.End(request, RequestEnd.Cancelled, now);
            _recorder?.OnCancelled(request, now);
        }
    }

    /// <summary>Ends a request whose caller has what it wanted, as if the model had stopped; nothing happens when it has ended already.</summary>
    public void Finish(SchedulableRequest request, TimeSpan now)
    {
        if (request.State <= RequestState.Running)
        {
            _state.End(request, RequestEnd.Completed(GenerationFinishReason.Stop), now);
            _recorder?.OnFinished(request, now);
        }
    }

    /// <summary>Decides the next step: fills <paramref name="plan"/> and takes every decision as carried out.</summary>
    public void Plan(StepPlan plan, TimeSpan now)
    {
        _plan = plan;
        plan.Clear();
        _state.Parked.Unpin();
        _state.FreeLeaving(plan);
        while (_state.Expiries.Expired(now, MeanStepSeconds) is SchedulableRequest late)
        {
            _state.End(late, _state.Expiries.Refusal(late, now), now);
        }

        _recovery.Purge();
        if (_recovery.IsActive)
        {
            _recovery.Plan(plan, now);
            _discipline.Block(DecisionReason.WaitsForRecovery, now);
        }
        else
        {
            _discipline.Plan(plan, now);
        }

        MakeRoomOfParked(plan);
        HeadWaitReason = _discipline.HeadWaitReason;
        _state.Gate?.OnPlanned(plan);
        _stepStarted = now;
        _isStepOpen = plan.Items.Length > 0;
        _recorder?.OnPlanned(plan, _state, HeadWaitReason, now);
    }

    /// <summary>Takes in what the planned step did.</summary>
    public void Complete(ReadOnlySpan<StepEvent> events, TimeSpan now)
    {
        _recorder?.OnStep(events, _state.Slots, now);
        _isStepOpen = false;
        _state.Counters.Steps++;
        _state.Speed.Add(now - _stepStarted);
        _state.Gate?.OnStep(now - _stepStarted);
        long promptTokens = _state.Counters.PrefillTokens;
        _results.Take(events, now);
        _state.Estimator.OnStep(_state.Counters.PrefillTokens - promptTokens, now - _stepStarted);
        _recovery.OnStepDone();
        _recorder?.OnCompleted();
    }

    /// <summary>The engine refused to start a planned request: it ends with the error, the rest of the plan goes on.</summary>
    public void FailStart(SchedulableRequest request, Exception error, TimeSpan now)
    {
        if (request.State == RequestState.Running)
        {
            _plan?.Remove(request.Slot);
            _state.FailStart(request, FaultRecovery.AsFault(error, "The engine refused to start this request."), now);
            _recorder?.OnStartFailed(request, now);
        }
    }

    /// <summary>The planned step threw: its sequences are removed and tried again, suspects alone; those past their retries fail.</summary>
    public void FailStep(Exception error, TimeSpan now)
    {
        if (_isStepOpen && _plan is not null)
        {
            _isStepOpen = false;
            _recovery.OnStepFailed(_plan.Items, error, now);
            _recorder?.OnStepFailed(now);
        }
    }

    /// <summary>The engine is gone with all KV: every resident request goes back to the line with the tokens it has, those of an open step as
    /// suspects.</summary>
    public void LoseEngine(TimeSpan now)
    {
        if (_isStepOpen && _plan is not null)
        {
            // What was being computed may be what killed it: it must not do so again in company.
            _isStepOpen = false;
            _recovery.OnStepFailed(_plan.Items, new EngineFaultException("The engine was lost again and again while it ran this request.", isFatal: true), now);
        }

        List<SequenceSlot> running = _state.Slots.Running;
        for (int i = running.Count - 1; i >= 0; i--)
        {
            _state.Evict(running[i], DecisionReason.EvictedByFault, now);
        }

        _state.ForgetEngine();
        _recorder?.OnEngineLost(now);
    }

    /// <summary>Ends everything that waits or runs.</summary>
    public void EndAll(in RequestEnd end, TimeSpan now)
    {
        List<SequenceSlot> running = _state.Slots.Running;
        while (running.Count > 0)
        {
            _state.End(running[^1].Request!, end, now);
        }

        while (_state.Line.Head(now) is SchedulableRequest waiting)
        {
            _state.End(waiting, end, now);
        }

        _recorder?.OnAllEnded(end, now);
    }

    /// <summary>Throws with the difference when line, slots or ledger do not equal a recount.</summary>
    public void CheckInvariants() => _invariants.Check();

    /// <summary>What is parked gives way to what runs: after this plan, everybody's next token fits beside it.</summary>
    private void MakeRoomOfParked(StepPlan plan)
    {
        ParkedSequences parked = _state.Parked;
        if (parked.Count == 0)
        {
            return;
        }

        long room = _state.Ledger.BudgetBlocks - _state.Ledger.UsedBlocksNextStep();
        while (parked.Blocks > room && parked.DiscardOldest(except: null))
        {
        }

        _state.FreeLeaving(plan);
    }

    private static TimeSpan? Earlier(TimeSpan? a, TimeSpan? b) => a is null || b < a ? b : a;
}
