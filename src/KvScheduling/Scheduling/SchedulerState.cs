namespace KvScheduling;

/// <summary>What the rules of the scheduler share: the line, the slots, the ledger, and the elementary moves of a request between them.</summary>
/// <remarks>Every move keeps all of them consistent, so that a rule can't forget one.</remarks>
internal sealed class SchedulerState
{
    private readonly ISchedulerObserver? _observer;
    private long _arrivals;

    public SchedulerState(KvSchedulingOptions options, EngineDescription engine, Func<ISchedulingPolicy> policyFactory, ISchedulerObserver? observer)
    {
        _observer = observer;
        Options = options;
        Limits = new SchedulerLimits(options, engine);
        IsGuaranteed = options.Reservation == KvReservation.Guaranteed;
        Ledger = new KvLedger(Limits.BudgetTokens, engine.BlockTokens, lingering: IsGuaranteed && !Limits.CanHold);
        Slots = new SlotTable(engine.MaxSequences);
        Line = new WaitingLine(policyFactory, options.PromoteAfter);
        Expiries = new ExpiryQueue(options.QueueTimeout, Limits);
        Estimator = new LengthEstimator(options.LengthEstimation, options.Reservation, engine.MaxContextTokens);
    }

    public KvSchedulingOptions Options { get; }

    public SchedulerLimits Limits { get; }

    public bool IsGuaranteed { get; }

    public KvLedger Ledger { get; }

    public SlotTable Slots { get; }

    public WaitingLine Line { get; }

    public ExpiryQueue Expiries { get; }

    public LengthEstimator Estimator { get; }

    /// <summary>Blocks that only finished sequences hold; free on demand.</summary>
    public long ParkedBlocks { get; private set; }

    public SpeedMeter Speed { get; } = new();

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
    }

    /// <summary>Gives a waiting request a slot and charges it.</summary>
    public SequenceSlot Start(SchedulableRequest request, in KvDemand demand, DecisionReason reason, StepPlan plan, TimeSpan now)
    {
        RemoveFromLine(request);
        SequenceSlot slot = Slots.Take();
        Ledger.Add(slot.Id, demand);
        Slots.Run(slot, request);
        slot.IsPrefilling = true;
        slot.StartedAtStep = Counters.Steps;
        slot.GeneratedAtStart = request.GeneratedTokens;
        request.EstimatedOutputTokens = request.GeneratedTokens + (int)demand.Remaining;
        request.State = RequestState.Running;
        request.Slot = slot.Id;
        request.WaitReason = DecisionReason.None;
        plan.Starts.Add(new PlannedStart(request, 0, slot.Id));
        request.OnStarted(now);
        _observer?.OnDecision(request, reason, now);
        return slot;
    }

    /// <summary>Takes a running request's KV and puts it back into the line with the tokens it has.</summary>
    public void Evict(SequenceSlot slot, DecisionReason reason, TimeSpan now)
    {
        SchedulableRequest request = slot.Request!;
        if (reason == DecisionReason.EvictedForKv)
        {
            Estimator.OnEviction(slot.Computed);
        }

        ReleaseKv(slot);
        Slots.Leave(slot);
        request.Evictions++;
        Counters.Evictions++;
        Requeue(request, reason, now);
    }

    /// <summary>Ends a request, wherever it is.</summary>
    public void End(SchedulableRequest request, in RequestEnd end, TimeSpan now)
    {
        if (request.State == RequestState.Running)
        {
            SequenceSlot slot = Slots[request.Slot];
            ReleaseKv(slot);
            Slots.Leave(slot);
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

        request.Slot = -1;
        request.State = end.State;
        request.WaitReason = DecisionReason.None;
        DecisionReason reason = Count(request, end);
        request.OnEnded(end, now);
        _observer?.OnDecision(request, reason, now);
    }

    /// <summary>Ends a request that the engine refused to start: it knows nothing about the slot.</summary>
    public void FailStart(SchedulableRequest request, EngineFaultException fault, TimeSpan now)
    {
        SequenceSlot slot = Slots[request.Slot];
        End(request, RequestEnd.Failed(fault), now);
        Slots.Leaving.Remove(slot);
        Slots.Return(slot);
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

    /// <summary>The engine is gone with all KV; nothing runs any more.</summary>
    public void ForgetEngine()
    {
        Slots.Reset();
        Ledger.Clear();
        IsCapacityInDoubt = false;
    }

    private void RemoveFromLine(SchedulableRequest request)
    {
        bool expires = !request.Place.IsResumed;
        Line.Remove(request);
        if (expires)
        {
            Expiries.OnRemoved(request);
        }
    }

    private void Requeue(SchedulableRequest request, DecisionReason reason, TimeSpan now)
    {
        request.Slot = -1;
        request.State = RequestState.Queued;
        request.EstimatedOutputTokens = Estimator.Estimate(request);
        request.WaitReason = DecisionReason.WaitsBehindHead;
        Line.Add(request, now, resumed: true);
        _observer?.OnDecision(request, reason, now);
    }

    private void ReleaseKv(SequenceSlot slot)
    {
        slot.Request!.Place.MostComputed = Math.Max(slot.Request.Place.MostComputed, slot.Computed);
        Ledger.Remove(slot.Id);
        Slots.StopRunning(slot);
    }

    private DecisionReason Count(SchedulableRequest request, in RequestEnd end)
    {
        switch (end.State)
        {
            case RequestState.Completed:
                Counters.Completed++;
                Estimator.OnCompleted(request.GeneratedTokens);
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
