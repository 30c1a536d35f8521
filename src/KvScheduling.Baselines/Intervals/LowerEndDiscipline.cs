namespace KvScheduling.Baselines;

/// <summary>Plans the rounds of A_min: evicts while the next round does not fit, raises the estimates of those that outlived theirs, starts the least estimates while they fit.</summary>
/// <remarks>An evicted request keeps what was learned about it: its estimate is at least what it had generated. Estimates only rise and the largest is never evicted, so somebody always
/// completes.</remarks>
internal sealed class LowerEndDiscipline : IStepDiscipline, ILineListener
{
    private readonly SchedulerState _state;
    private readonly Dictionary<SchedulableRequest, int> _estimates = [];
    private readonly SortedSet<SchedulableRequest> _line;

    public LowerEndDiscipline(SchedulerState state)
    {
        _state = state;
        _line = new SortedSet<SchedulableRequest>(Comparer<SchedulableRequest>.Create(Compare));
        state.Listener = this;
    }

    public DecisionReason HeadWaitReason { get; private set; }

    public TimeSpan? NextWake => null;

    public void OnQueued(SchedulableRequest request, TimeSpan now)
    {
        _estimates.TryAdd(request, Math.Clamp(request.HintedOutputTokens ?? 1, 1, request.MaxOutputTokens));
        _line.Add(request);
    }

    public void OnLeft(SchedulableRequest request, bool wasResumed) => _line.Remove(request);

    public void OnStarted(SchedulableRequest request, TimeSpan now)
    {
    }

    public void OnCompleted(SchedulableRequest request) => _estimates.Remove(request);

    public void Block(DecisionReason reason, TimeSpan now) => SetHeadReason(reason, now);

    public void Plan(StepPlan plan, TimeSpan now)
    {
        while (_state.Ledger.UsedBlocksNextStep() > _state.Ledger.BudgetBlocks)
        {
            Evict(LeastEstimate(), now);
        }

        Refine();
        _state.FreeLeaving(plan);
        DecisionReason reason = Start(plan, now);
        foreach (SequenceSlot slot in _state.Slots.Running)
        {
            slot.StepTokens = slot.UncomputedTokens;
            plan.Add(new StepItem(slot.Id, slot.StepTokens));
        }

        SetHeadReason(reason, now);
    }

    /// <summary>By estimate, then arrival.</summary>
    private int Compare(SchedulableRequest? a, SchedulableRequest? b)
    {
        int estimates = _estimates[a!].CompareTo(_estimates[b!]);
        return estimates != 0 ? estimates : a!.ArrivalIndex.CompareTo(b!.ArrivalIndex);
    }

    private SequenceSlot LeastEstimate()
    {
        SequenceSlot least = _state.Slots.Running[0];
        foreach (SequenceSlot slot in _state.Slots.Running)
        {
            least = Compare(slot.Request, least.Request) < 0 ? slot : least;
        }

        return least;
    }

    private void Evict(SequenceSlot slot, TimeSpan now)
    {
        SchedulableRequest request = slot.Request!;
        _estimates[request] = Math.Max(_estimates[request], request.GeneratedTokens);
        _state.Evict(slot, DecisionReason.EvictedForKv, now);
    }

    /// <summary>Who is still running will have at least one token more.</summary>
    private void Refine()
    {
        foreach (SequenceSlot slot in _state.Slots.Running)
        {
            SchedulableRequest request = slot.Request!;
            int estimate = Math.Max(_estimates[request], request.GeneratedTokens + 1);
            _estimates[request] = estimate;
            if (estimate != request.EstimatedOutputTokens)
            {
                request.EstimatedOutputTokens = estimate;
                _state.Ledger.SetRemaining(slot.Id, estimate - request.GeneratedTokens);
            }
        }
    }

    private DecisionReason Start(StepPlan plan, TimeSpan now)
    {
        while (_line.Min is SchedulableRequest head)
        {
            int estimate = _estimates[head];
            if (_state.Slots.FreeCount == 0 || _state.Slots.Running.Count >= _state.Limits.MaxRunning)
            {
                return DecisionReason.WaitsForSlot;
            }

            if (!_state.Ledger.Fits(PrefixMatch.None.Demand(head, estimate)))
            {
                return DecisionReason.WaitsForKv;
            }

            _state.Start(head, PrefixMatch.None, estimate, DecisionReason.StartedAsHead, plan, now);
        }

        return DecisionReason.None;
    }

    private void SetHeadReason(DecisionReason reason, TimeSpan now)
    {
        // Asked in any case: the line then knows that its promotions are of no interest.
        _ = _state.Line.Head(now);
        HeadWaitReason = _line.Min is null ? DecisionReason.None : reason;
        if (_line.Min is SchedulableRequest head)
        {
            head.WaitReason = reason;
        }
    }
}
