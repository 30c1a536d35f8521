namespace KvScheduling;

/// <summary>What the rules of the scheduler share: the line, the slots, the ledger, and the elementary moves of a request between them.</summary>
/// <remarks>Every move keeps all of them consistent, so that a rule can't forget one.</remarks>
internal sealed class SchedulerState
{
    private readonly ISchedulerObserver? _observer;
    private long _arrivals;

    public SchedulerState(KvSchedulingOptions options, EngineDescription engine, Func<ISchedulingPolicy> policyFactory, ISchedulerObserver? observer, DecisionRecorder? recorder = null)
    {
        _observer = recorder is null ? observer : observer is null ? recorder : new ObserverPair(observer, recorder);
        Options = options;
        Limits = new SchedulerLimits(options, engine);
        Line = new WaitingLine(policyFactory, options);
        IsGuaranteed = options.Reservation == KvReservation.Guaranteed && Line.Policy is not IDisciplinedPolicy;
        Ledger = new KvLedger(Limits.BudgetTokens, engine.BlockTokens, lingering: IsGuaranteed && !Limits.CanHold);
        Slots = new SlotTable(engine.MaxSequences);
        Prefixes = new PrefixIndex(Ledger, Slots);
        Parked = new ParkedSequences(Slots, Prefixes, Ledger, engine.PrefixReuse == PrefixReuse.None ? 0 : options.MaxParkedSequences);
        Matcher = new PrefixMatcher(engine.PrefixReuse, Prefixes, Parked, Ledger, recorder);
        Expiries = new ExpiryQueue(options.QueueTimeout, Limits);
        Estimator = new LengthEstimator(options.LengthEstimation, options.Reservation, engine.MaxContextTokens);
        Gate = Line.Policy is IGatingPolicy gating ? new AdmissionGate(gating.Gate, this) : null;
        Listener = Gate;
    }

    public KvSchedulingOptions Options { get; }

    public SchedulerLimits Limits { get; }

    public bool IsGuaranteed { get; }

    public KvLedger Ledger { get; }

    public SlotTable Slots { get; }

    public PrefixIndex Prefixes { get; }

    public ParkedSequences Parked { get; }

    public PrefixMatcher Matcher { get; }

    public WaitingLine Line { get; }

    public ExpiryQueue Expiries { get; }

    public LengthEstimator Estimator { get; }

    public SpeedMeter Speed { get; } = new();

    /// <summary>The policy's gate; null where it lets everybody through.</summary>
    public AdmissionGate? Gate { get; }

    /// <summary>Who else is told what happens to requests; null when nobody is.</summary>
    public ILineListener? Listener { get; set; }

    /// <summary>The engine had less KV than the ledger: nothing starts until a running request has ended.</summary>
    public bool IsCapacityInDoubt
    {
        get => field && Slots.Running.Count > 0;
        set;
    }

    /// <summary>The totals; a field, so that its members can be counted up.</summary>
    public SchedulerCounters Counters;

    public void Enqueue(SchedulableRequest request, TimeSpan now)
    {
        request.ArrivalIndex = _arrivals++;
        request.ArrivalTime = now;
        request.State = RequestState.Queued;
        request.EstimatedOutputTokens = Estimator.Estimate(request);
        request.WaitReason = DecisionReason.WaitsBehindHead;
        Line.Add(request, now, resumed: false);
        Expiries.Add(request, Speed.MeanStepSeconds);
        Listener?.OnQueued(request, now);
    }

    /// <summary>Gives a waiting request a slot and charges it. A slot must be free, or one continued.</summary>
    public SequenceSlot Start(SchedulableRequest request, in PrefixMatch match, int estimatedOutput, DecisionReason reason, StepPlan plan, TimeSpan now)
    {
        RemoveFromLine(request);
        SequenceSlot slot = match.Continues ? match.Source! : Slots.Take();
        Ledger.Add(slot.Id, match.Demand(request, estimatedOutput));
        TakePrefix(slot, match);
        Slots.Run(slot, request);
        slot.Computed = match.Tokens;
        slot.StepTokens = 0;
        slot.IsHeld = false;
        slot.AwaitsRoom = false;
        slot.Refusals = 0;
        slot.IsPrefilling = true;
        slot.StartedAtStep = Counters.Steps;
        slot.GeneratedAtStart = request.GeneratedTokens;
        CountPrefix(request, match);
        request.EstimatedOutputTokens = estimatedOutput;
        request.State = RequestState.Running;
        request.Slot = slot.Id;
        request.WaitReason = DecisionReason.None;
        if (!request.Place.WasStarted)
        {
            request.Place.WasStarted = true;
            TenantAccounts.OnStarted(request);
        }

        plan.Starts.Add(new PlannedStart(request, match.Tokens, match.Source?.Id ?? slot.Id));
        Listener?.OnStarted(request, now);
        request.OnStarted(now);
        _observer?.OnDecision(request, reason, now);
        return slot;
    }

    /// <summary>Takes a running request's KV and puts it back into the line with the tokens it has, or without them where evicted requests begin again.</summary>
    public void Evict(SequenceSlot slot, DecisionReason reason, TimeSpan now)
    {
        SchedulableRequest request = slot.Request!;
        if (reason == DecisionReason.EvictedForKv)
        {
            Estimator.OnEviction(slot.Computed, (double)Ledger.Blocks(slot.Computed) / Ledger.BudgetBlocks);
        }

        Vacate(slot, park: false);
        request.Evictions++;
        Counters.Evictions++;
        request.GeneratedTokens = Options.RestartsEvicted ? 0 : request.GeneratedTokens;
        Requeue(request, reason, now);
    }

    /// <summary>Ends a request, wherever it is.</summary>
    public void End(SchedulableRequest request, in RequestEnd end, TimeSpan now)
    {
        if (request.State == RequestState.Running)
        {
            Vacate(Slots[request.Slot], park: end.State == RequestState.Completed);
            IsCapacityInDoubt = false;
        }
        else if (WaitingLine.Contains(request))
        {
            RemoveFromLine(request);
        }
        else
        {
            return;
        }

        TenantAccounts.OnEnded(request);
        request.Slot = -1;
        request.State = end.State;
        request.WaitReason = DecisionReason.None;
        DecisionReason reason = Count(request, end);
        request.OnEnded(end, now);
        _observer?.OnDecision(request, reason, now);
    }

    /// <summary>Ends a request that the engine refused to start: it knows nothing about the slot, unless it was a parked sequence's.</summary>
    public void FailStart(SchedulableRequest request, EngineFaultException fault, TimeSpan now)
    {
        SequenceSlot slot = Slots[request.Slot];
        bool isContinued = slot.IsContinued;
        End(request, RequestEnd.Failed(fault), now);
        if (!isContinued)
        {
            Slots.Leaving.Remove(slot);
            Slots.Return(slot);
        }
    }

    /// <summary>Names the slots that the engine must free, which can be used again from here on.</summary>
    public void FreeLeaving(StepPlan plan)
    {
        foreach (SequenceSlot slot in Slots.Leaving)
        {
            plan.Removals.Add(slot.Id);
            Slots.Return(slot);
        }

        Slots.Leaving.Clear();
    }

    /// <summary>A waiting request is held back by the policy's gate.</summary>
    public void OnHeld(SchedulableRequest request, TimeSpan now)
    {
        Counters.Held++;
        request.WaitReason = DecisionReason.WaitsForCohort;
        _observer?.OnDecision(request, DecisionReason.WaitsForCohort, now);
    }

    /// <summary>The policy does something else from now on.</summary>
    public void OnRegime(SchedulingRegime before, SchedulingRegime after, TimeSpan now)
    {
        Counters.RegimeSwitches++;
        _observer?.OnRegime(before, after, Line.Count, Slots.Running.Count, now);
    }

    /// <summary>The engine is gone with all KV; nothing runs any more.</summary>
    public void ForgetEngine()
    {
        Parked.Clear();
        Prefixes.Clear();
        Slots.Reset();
        Ledger.Clear();
        IsCapacityInDoubt = false;
    }

    private void RemoveFromLine(SchedulableRequest request)
    {
        bool wasResumed = request.Place.IsResumed;
        Line.Remove(request);
        if (!wasResumed)
        {
            Expiries.OnRemoved(request);
        }

        Listener?.OnLeft(request, wasResumed);
    }

    private void Requeue(SchedulableRequest request, DecisionReason reason, TimeSpan now)
    {
        request.Slot = -1;
        request.State = RequestState.Queued;
        request.EstimatedOutputTokens = Estimator.Estimate(request);
        request.WaitReason = DecisionReason.WaitsBehindHead;
        Line.Add(request, now, resumed: true);
        Listener?.OnQueued(request, now);
        _observer?.OnDecision(request, reason, now);
    }

    /// <summary>A sequence stops running: its KV is parked or leaves the engine.</summary>
    private void Vacate(SequenceSlot slot, bool park)
    {
        slot.Request!.Place.MostComputed = Math.Max(slot.Request.Place.MostComputed, slot.Computed);
        bool parks = park && Parked.IsWorthwhile(slot);
        if (parks)
        {
            Prefixes.Park(slot);
        }
        else
        {
            Prefixes.Release(slot);
        }

        Ledger.Remove(slot.Id);
        Slots.StopRunning(slot);
        if (parks)
        {
            Parked.Add(slot);
        }
        else
        {
            Slots.Leave(slot);
        }
    }

    private void TakePrefix(SequenceSlot slot, in PrefixMatch match)
    {
        if (match.Continues)
        {
            Parked.Take(slot);
            Prefixes.Revive(slot);
            slot.IsContinued = true;
        }
        else if (match.Source is SequenceSlot source)
        {
            Prefixes.Share(slot, source, match.Tokens / Ledger.BlockTokens);
            if (source.State == SlotState.Parked)
            {
                Parked.Pin(source);
            }
        }
    }

    private void CountPrefix(SchedulableRequest request, in PrefixMatch match)
    {
        if (!request.PrefixBlocks.IsEmpty)
        {
            Counters.PrefixQueryTokens += request.TokensToCompute;
            Counters.CachedTokens += match.Tokens;
            request.CachedTokens = request.Place.WasStarted ? request.CachedTokens : match.Tokens;
        }
    }

    private DecisionReason Count(SchedulableRequest request, in RequestEnd end)
    {
        switch (end.State)
        {
            case RequestState.Completed:
                Counters.Completed++;
                Estimator.OnCompleted(request.GeneratedTokens);
                Listener?.OnCompleted(request);
                return DecisionReason.Completed;
            case RequestState.Cancelled:
                Counters.Cancelled++;
                return DecisionReason.Cancelled;
            case RequestState.Rejected:
                Counters.Rejected++;
                return DecisionReason.Rejected;
            default:
                Counters.Failed++;
                return DecisionReason.Failed;
        }
    }
}
