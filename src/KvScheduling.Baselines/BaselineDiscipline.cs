namespace KvScheduling.Baselines;

/// <summary>Plans steps by the rules of a baseline, over the books of the scheduler: the budget holds whatever the rules are.</summary>
/// <remarks>
/// <para>As everywhere, a prompt holds its KV from its start, computed or not.</para>
/// <para>Where the original hangs or fails, that is an outcome here: who can never start is refused, who waits longer than the original lets it is refused, and where everybody that runs waits for
/// room that nobody will ever free, the latest fails with an <see cref="EngineFaultException"/>.</para>
/// </remarks>
internal sealed class BaselineDiscipline : IStepDiscipline, ILineListener
{
    /// <summary>How long a step that finds no room is tried again.</summary>
    private static readonly TimeSpan RetryFor = TimeSpan.FromMilliseconds(100);

    private readonly string _name;
    private readonly SchedulerState _state;
    private readonly BaselineRules _rules;
    private readonly BaselineLine _line;
    private readonly StepRoom _room;
    private readonly StepBudget _budget;
    private readonly StepEvictions _evictions;
    private readonly BaselineAdmission _admission;
    private readonly List<SequenceSlot> _residents = [];
    private TimeSpan? _refusedSince;
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
        _evictions = new StepEvictions(name, state, rules, _room, _budget);
        _admission = new BaselineAdmission(name, state, rules, _line, _room, _budget, _evictions);
        state.Listener = this;
    }

    public DecisionReason HeadWaitReason { get; private set; }

    public TimeSpan? NextWake
    {
        get
        {
            TimeSpan? refusal = _admission.NextRefusal;
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
        _admission.RefuseLate(now);
        if (_state.Slots.Running.Count == 0)
        {
            _rules.Charge.OnIdle();
        }

        DecisionReason reason = Compose(plan, now);
        while (!_evictions.IsRefused && !_budget.IsUsed && _state.Slots.Running.Count > 0)
        {
            _evictions.Fail(_state.Slots.Running[^1], now);
            reason = Compose(plan, now);
        }

        if (!_evictions.IsRefused)
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
        _evictions.Reset();
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

        DecisionReason reason = _evictions.Count > 0 || _evictions.IsRefused || _state.IsCapacityInDoubt ? DecisionReason.WaitsForKv : _admission.Start(plan, now);
        if (_rules.Form == StepForm.PromptsFirst && !_budget.IsUsed)
        {
            ServeDecodes(now);
        }

        if (_evictions.IsRefused)
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
        if (slot.State != SlotState.Running || _evictions.IsRefused)
        {
            return;
        }

        int tokens = slot.IsPrefilling ? Math.Min(most, _budget.ForPrompt(slot.UncomputedTokens)) : Math.Min(1, _budget.Left);
        bool advances = tokens >= slot.UncomputedTokens;
        if (tokens > 0 && (!advances || _evictions.MakeRoom(slot, now)))
        {
            slot.StepTokens = tokens;
            _budget.Take(tokens, slot.IsPrefilling);
            _room.Take(advances ? _room.Growth(slot) : 0);
        }
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
