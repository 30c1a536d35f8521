namespace KvScheduling;

/// <summary>Decides what starts in a step: heads of the line while they fit, then, past a blocked head, requests that do not move its earliest start.</summary>
internal sealed class AdmissionStep
{
    private readonly SchedulerState _state;
    private readonly StepComposer _composer;
    private readonly HeadReservation _reservation;
    private readonly SchedulableRequest[] _window;
    private SchedulableRequest? _blockedHead;

    public AdmissionStep(SchedulerState state, StepComposer composer)
    {
        _state = state;
        _composer = composer;
        _reservation = new HeadReservation(state.Ledger);
        _window = new SchedulableRequest[state.Options.BackfillWindow + 1];
    }

    /// <summary>Why the head of the line waits; none when nothing does.</summary>
    public DecisionReason HeadWaitReason => _blockedHead?.WaitReason ?? DecisionReason.None;

    /// <summary>Starts what may start now.</summary>
    public void Run(StepPlan plan, TimeSpan now)
    {
        while (_state.Line.Head(now) is SchedulableRequest head)
        {
            if (Refuse(head, now))
            {
                continue;
            }

            bool promoted = _state.Line.IsPromoted(head, now);
            KvDemand demand = Demand(head);
            DecisionReason blocked = WhyBlocked(head, demand);
            if (blocked == DecisionReason.None)
            {
                Start(head, demand, promoted ? DecisionReason.StartedByPromotion : DecisionReason.StartedAsHead, plan, now);
                continue;
            }

            if (_state.Slots.Running.Count == 0)
            {
                StartAlone(head, demand, plan, now);
                continue;
            }

            Block(head, blocked);
            if (blocked is DecisionReason.WaitsForKv or DecisionReason.WaitsForPrefill)
            {
                Backfill(head, plan, now);
            }

            return;
        }

        Block(null, DecisionReason.None);
    }

    /// <summary>Nothing starts in this step.</summary>
    public void Block(DecisionReason reason, TimeSpan now) => Block(_state.Line.Head(now), reason);

    private void Block(SchedulableRequest? head, DecisionReason reason)
    {
        if (_blockedHead != head && _blockedHead is { State: RequestState.Queued } previous)
        {
            previous.WaitReason = DecisionReason.WaitsBehindHead;
        }

        _blockedHead = head;
        if (head is not null)
        {
            head.WaitReason = reason;
        }
    }

    /// <summary>Refuses a request that can't meet its deadline any more, so that it never reaches the engine.</summary>
    private bool Refuse(SchedulableRequest request, TimeSpan now)
    {
        if (!_state.Expiries.IsExpired(request, now, _state.Speed.MeanStepSeconds))
        {
            return false;
        }

        _state.End(request, _state.Expiries.Refusal(request, now), now);
        return true;
    }

    private KvDemand Demand(SchedulableRequest request) =>
        new(request.TokensToCompute, _state.Estimator.Estimate(request) - request.GeneratedTokens);

    private DecisionReason WhyBlocked(SchedulableRequest request, in KvDemand demand)
    {
        if (_state.Slots.Running.Count >= _state.Limits.MaxRunning)
        {
            return DecisionReason.WaitsForSlot;
        }

        if (!_composer.CanStart(request.TokensToCompute))
        {
            return DecisionReason.WaitsForPrefill;
        }

        return _state.Ledger.Fits(demand) ? DecisionReason.None : DecisionReason.WaitsForKv;
    }

    private void Start(SchedulableRequest request, in KvDemand demand, DecisionReason reason, StepPlan plan, TimeSpan now) =>
        _composer.AddStart(_state.Start(request, demand, reason, plan, now));

    /// <summary>Nothing runs and the head does not fit: only a request that the door should have refused. It runs as far as the budget goes; one that can't even begin is refused.</summary>
    private void StartAlone(SchedulableRequest head, in KvDemand demand, StepPlan plan, TimeSpan now)
    {
        if (_state.Ledger.Blocks(demand.Held + 1) <= _state.Ledger.BudgetBlocks)
        {
            Start(head, demand, DecisionReason.StartedAlone, plan, now);
            return;
        }

        string message = $"The request holds {demand.Held} tokens, which leaves no room for output in a KV budget of {_state.Limits.BudgetTokens} tokens. Shorten the prompt or raise KvBudgetTokens.";
        _state.End(head, RequestEnd.Rejected(SchedulingRejection.TooLong, message), now);
    }

    /// <summary>EASY backfilling: a request behind the blocked head starts if it fits now and the head still fits at its earliest start.</summary>
    private void Backfill(SchedulableRequest head, StepPlan plan, TimeSpan now)
    {
        if (!_state.Options.Backfill || head.Place.Overtaken >= _state.Options.MaxOvertakes || !_composer.HasBudget)
        {
            return;
        }

        int count = _state.Line.Peek(_window, now);
        for (int i = 0; i < count && _state.Slots.Running.Count < _state.Limits.MaxRunning && _composer.HasBudget; i++)
        {
            SchedulableRequest candidate = _window[i];
            if (candidate == head || !_composer.CanStart(candidate.TokensToCompute))
            {
                continue;
            }

            KvDemand demand = Demand(candidate);
            if (!_state.Ledger.Fits(demand) || Refuse(candidate, now))
            {
                continue;
            }

            if (_reservation.StaysWith(head, Demand(head), demand))
            {
                Start(candidate, demand, DecisionReason.StartedByBackfill, plan, now);
                _reservation.Keep();
                if (++head.Place.Overtaken >= _state.Options.MaxOvertakes)
                {
                    break;
                }
            }
        }

        Array.Clear(_window, 0, count);
    }
}
