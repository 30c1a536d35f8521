namespace KvScheduling.Baselines;

/// <summary>Plans steps by the rules of a baseline, over the books of the scheduler: the budget holds whatever the rules are.</summary>
/// <remarks>
/// <para>As everywhere, a prompt holds its KV from its start, computed or not.</para>
/// <para>Where the original hangs or fails, that is an outcome here: who can never start is refused, who waits longer than the original lets it is refused, and where everybody that runs waits for
/// room that nobody will ever free, the latest fails with an <see cref="EngineFaultException"/>.</para>
/// </remarks>
internal sealed class BaselineDiscipline : IStepDiscipline, ILineListener
{
    /// <summary>How many waiting requests are looked at where later ones may pass.</summary>
    private const int Window = 256;

    /// <summary>How long a step that finds no room is tried again.</summary>
    private static readonly TimeSpan RetryFor = TimeSpan.FromMilliseconds(100);

    private readonly string _name;
    private readonly SchedulerState _state;
    private readonly BaselineRules _rules;
    private readonly BaselineLine _line;
    private readonly StepRoom _room;
    private readonly StepBudget _budget;
    private readonly List<SequenceSlot> _residents = [];
    private readonly int _maxRunning;
    private TimeSpan? _refusedSince;
    private bool _isRefused;
    private int _evicted;
    private int _turn;

    public BaselineDiscipline(string name, SchedulerState state, BaselineRules rules)
    {
        if (!state.Limits.CanHold)
        {
            throw new InvalidOperationException($"'{name}' leaves sequences out of steps, and this engine can't hold a sequence back. Use an engine with HoldSupport.Free.");
        }

        _name = name;
        _state = state;
        _rules = rules;
        _line = new BaselineLine(rules.Order);
        _room = new StepRoom(state);
        _budget = new StepBudget(state.Limits, rules);
        _maxRunning = Math.Min(state.Limits.MaxRunning, rules.MaxRunning);
        state.Listener = this;
    }

    public DecisionReason HeadWaitReason { get; private set; }

    public TimeSpan? NextWake
    {
        get
        {
            TimeSpan? refusal = _rules.MaxWait is TimeSpan most && _line.First() is SchedulableRequest first && !first.Place.IsResumed ? first.ArrivalTime + most : null;
            TimeSpan? retry = _refusedSince + RetryFor;
            return refusal is null || retry < refusal ? retry : refusal;
        }
    }

    public void OnQueued(SchedulableRequest request, TimeSpan now) => _line.Add(request);

    public void OnLeft(SchedulableRequest request, bool wasResumed) => _line.Remove(request);

    public void OnStarted(SchedulableRequest request, TimeSpan now) => _line.OnStarted(request);

    public void OnCompleted(SchedulableRequest request)
    {
    }

    public void Block(DecisionReason reason, TimeSpan now) => SetHeadReason(reason, now);

    public void Plan(StepPlan plan, TimeSpan now)
    {
        RefuseLate(now);
        if (_state.Slots.Running.Count == 0)
        {
            _rules.Charge.OnIdle();
        }

        DecisionReason reason = Compose(plan, now);
        while (!_isRefused && !_budget.IsUsed && _state.Slots.Running.Count > 0)
        {
            FailForRoom(_state.Slots.Running[^1], now);
            reason = Compose(plan, now);
        }

        if (!_isRefused)
        {
            _refusedSince = null;
        }
        else if (now - (_refusedSince ??= now) >= RetryFor)
        {
            FailAll(now);
        }

        _state.FreeLeaving(plan);
        foreach (SequenceSlot slot in _state.Slots.Running)
        {
            if (slot.StepTokens > 0)
            {
                plan.Add(new StepItem(slot.Id, slot.StepTokens));
            }
        }

        SetHeadReason(reason, now);
    }

    private DecisionReason Compose(StepPlan plan, TimeSpan now)
    {
        _isRefused = false;
        _evicted = 0;
        _room.Reset();
        _budget.Reset();
        _residents.Clear();
        _residents.AddRange(_state.Slots.Running);
        foreach (SequenceSlot slot in _residents)
        {
            slot.StepTokens = 0;
        }

        switch (_rules.Form)
        {
            case StepForm.StartOrder:
                foreach (SequenceSlot slot in _residents)
                {
                    Serve(slot, int.MaxValue, now);
                }

                break;
            case StepForm.DecodesFirst:
                ServeDecodes(now);
                ServePrompts(now);
                break;
            default:
                ServePrompts(now);
                break;
        }

        DecisionReason reason = _evicted > 0 || _isRefused || _state.IsCapacityInDoubt ? DecisionReason.WaitsForKv : StartWaiting(plan, now);
        if (_rules.Form == StepForm.PromptsFirst && !_budget.IsUsed)
        {
            ServeDecodes(now);
        }

        if (_isRefused)
        {
            foreach (SequenceSlot slot in _state.Slots.Running)
            {
                slot.StepTokens = 0;
            }
        }

        return reason;
    }

    private void ServeDecodes(TimeSpan now)
    {
        bool any = false;
        foreach (SequenceSlot slot in _residents)
        {
            if (slot is { State: SlotState.Running, IsPrefilling: false })
            {
                any = true;
                Serve(slot, 1, now);
            }
        }

        if (any)
        {
            _rules.Charge.OnDecodes();
        }
    }

    private void ServePrompts(TimeSpan now)
    {
        int prompts = 0;
        foreach (SequenceSlot slot in _residents)
        {
            prompts += slot is { State: SlotState.Running, IsPrefilling: true } ? 1 : 0;
        }

        if (prompts == 0)
        {
            return;
        }

        bool takesTurns = _rules.SharesPrompts && _budget.IsUsed;
        int most = _rules.SharesPrompts && !takesTurns ? Math.Max(1, _budget.Left / prompts) : int.MaxValue;
        int first = takesTurns ? _turn++ % prompts : 0;
        for (int round = 0; round < 2; round++)
        {
            // Those from the first one on, then those before it.
            int index = 0;
            foreach (SequenceSlot slot in _residents)
            {
                if (slot is { State: SlotState.Running, IsPrefilling: true } && (index++ >= first) == (round == 0))
                {
                    Serve(slot, most, now);
                }
            }
        }
    }

    private void Serve(SequenceSlot slot, int most, TimeSpan now)
    {
        if (slot.State != SlotState.Running || _isRefused)
        {
            return;
        }

        int tokens = slot.IsPrefilling ? Math.Min(most, _budget.ForPrompt(slot.UncomputedTokens)) : Math.Min(1, _budget.Left);
        bool advances = tokens >= slot.UncomputedTokens;
        if (tokens > 0 && (!advances || MakeRoom(slot, now)))
        {
            slot.StepTokens = tokens;
            _budget.Take(tokens, slot.IsPrefilling);
            _room.Take(advances ? _room.Growth(slot) : 0);
        }
    }

    /// <summary>Finds room for the next token of a running request.</summary>
    private bool MakeRoom(SequenceSlot slot, TimeSpan now)
    {
        while (_room.Free < _room.Growth(slot))
        {
            if (Victim(slot.Request!, _room.Growth(slot)) is SequenceSlot victim)
            {
                Evict(victim, now);
                EvictForHeadroom(slot, now);
                if (slot.State != SlotState.Running)
                {
                    return false;
                }

                continue;
            }

            _isRefused = _rules.WhenDry == DryPool.FailAll;
            if (_rules.WhenDry == DryPool.FailRequest)
            {
                FailForRoom(slot, now);
            }

            return false;
        }

        return true;
    }

    private void EvictForHeadroom(SequenceSlot asker, TimeSpan now)
    {
        while (_rules.HeadroomTokens > 0 && asker.State == SlotState.Running && _room.Free < _room.Headroom(_rules.HeadroomTokens)
            && Victim(asker.Request!, 0) is SequenceSlot victim)
        {
            Evict(victim, now);
        }
    }

    private SequenceSlot? Victim(SchedulableRequest asker, long needed) =>
        _rules.Victims?.Invoke(new VictimQuery(_state.Slots.Running, _room, asker, needed, _evicted));

    private void Evict(SequenceSlot victim, TimeSpan now)
    {
        _room.Give(_room.HeldBy(victim));
        _budget.Return(victim.StepTokens);
        _evicted++;
        _state.Evict(victim, DecisionReason.EvictedForKv, now);
        _rules.Charge.OnEvicted(_state);
    }

    private DecisionReason StartWaiting(StepPlan plan, TimeSpan now)
    {
        DecisionReason reason = DecisionReason.None;
        foreach (SchedulableRequest request in Candidates())
        {
            if (!_rules.Charge.CanEver(request, _state))
            {
                RefuseForEver(request, now);
                continue;
            }

            int tokens = _budget.ForPrompt(request.TokensToCompute);
            DecisionReason blocked = tokens > 0 ? WhyBlocked(request, tokens, now) : DecisionReason.WaitsForPrefill;
            if (blocked == DecisionReason.None)
            {
                Start(request, tokens, plan, now);
                continue;
            }

            if (_state.Slots.Running.Count == 0)
            {
                RefuseForEver(request, now);
                continue;
            }

            reason = reason == DecisionReason.None ? blocked : reason;
            if (!_rules.SkipsBlocked || blocked != DecisionReason.WaitsForKv)
            {
                break;
            }
        }

        return reason;
    }

    private IEnumerable<SchedulableRequest> Candidates()
    {
        if (_rules.SkipsBlocked)
        {
            foreach (SchedulableRequest request in _line.Front(Window))
            {
                yield return request;
            }

            yield break;
        }

        while (_line.First() is SchedulableRequest first)
        {
            yield return first;
        }
    }

    private DecisionReason WhyBlocked(SchedulableRequest request, int tokens, TimeSpan now)
    {
        while (true)
        {
            bool hasSlot = _state.Slots.Running.Count < _maxRunning && (_state.Slots.FreeCount + _state.Slots.Leaving.Count > 0 || _state.Parked.CanDiscard(null));
            long needed = _state.Ledger.Blocks(request.TokensToCompute) + (tokens >= request.TokensToCompute ? _room.Growth(request) : 0);
            if (hasSlot && _room.Free >= needed && _rules.Charge.Admits(request, _state))
            {
                return DecisionReason.None;
            }

            if (!_rules.EvictsForStarts || Victim(request, needed) is not SequenceSlot victim)
            {
                return hasSlot ? DecisionReason.WaitsForKv : DecisionReason.WaitsForSlot;
            }

            Evict(victim, now);
        }
    }

    private void Start(SchedulableRequest request, int tokens, StepPlan plan, TimeSpan now)
    {
        _state.FreeLeaving(plan);
        if (_state.Slots.FreeCount == 0)
        {
            _state.Parked.DiscardOldest(except: null);
            _state.FreeLeaving(plan);
        }

        SequenceSlot slot = _state.Start(request, PrefixMatch.None, _state.Estimator.Estimate(request), DecisionReason.StartedAsHead, plan, now);
        slot.StepTokens = tokens;
        _budget.Take(tokens, isPrompt: true);
        _room.Take(_state.Ledger.Blocks(slot.HeldTokens) + (slot.Advances ? _room.Growth(slot) : 0));
    }

    private void RefuseLate(TimeSpan now)
    {
        while (_rules.MaxWait is TimeSpan most && _line.First() is SchedulableRequest first && !first.Place.IsResumed && now - first.ArrivalTime >= most)
        {
            string message = $"'{_name}' refuses who waited {most.TotalSeconds:0.###} s.";
            _state.End(first, RequestEnd.Rejected(SchedulingRejection.DeadlineUnreachable, message), now);
        }
    }

    private void RefuseForEver(SchedulableRequest request, TimeSpan now)
    {
        string message = $"'{_name}' could never start this request: its {request.TokensToCompute} tokens and limit of {request.MaxOutputTokens} do not fit what it sets aside for one.";
        _state.End(request, RequestEnd.Rejected(SchedulingRejection.TooLong, message), now);
    }

    private void FailForRoom(SequenceSlot slot, TimeSpan now)
    {
        _room.Give(_room.HeldBy(slot));
        _budget.Return(slot.StepTokens);
        _state.End(slot.Request!, RequestEnd.Failed(new EngineFaultException($"'{_name}' ran out of KV for the next token of this request, and nobody gives way.")), now);
    }

    private void FailAll(TimeSpan now)
    {
        var fault = new EngineFaultException($"'{_name}' ran out of KV, tried again for {RetryFor.TotalMilliseconds:0} ms, and failed everything.");
        _refusedSince = null;
        while (_state.Slots.Running.Count > 0)
        {
            _state.End(_state.Slots.Running[^1].Request!, RequestEnd.Failed(fault), now);
        }

        while (_line.First() is SchedulableRequest waiting)
        {
            _state.End(waiting, RequestEnd.Failed(fault), now);
        }
    }

    private void SetHeadReason(DecisionReason reason, TimeSpan now)
    {
        // Asked in any case: the line then knows that its promotions are of no interest.
        _ = _state.Line.Head(now);
        HeadWaitReason = _line.Count == 0 ? DecisionReason.None : reason;
        if (_line.First() is SchedulableRequest first)
        {
            first.WaitReason = reason;
        }
    }
}
