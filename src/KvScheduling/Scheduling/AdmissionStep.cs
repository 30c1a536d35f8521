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
        _state.Gate?.Decide(now);
        while (_state.Line.Head(now) is SchedulableRequest head)
        {
            if (Refuse(head, now))
            {
                continue;
            }

            bool promoted = _state.Line.IsPromoted(head, now);
            if (!promoted && IsHeld(head))
            {
                Block(head, DecisionReason.WaitsForCohort);
                return;
            }

            int output = _state.Estimator.Estimate(head);
            DecisionReason blocked = WhyBlocked(head, output, out PrefixMatch match);
            if (blocked == DecisionReason.None)
            {
                Start(head, match, output, promoted ? DecisionReason.StartedByPromotion : DecisionReason.StartedAsHead, plan, now);
                continue;
            }

            if (_state.Slots.Running.Count == 0)
            {
                StartAlone(head, output, plan, now);
                continue;
            }

            Block(head, blocked);
            if (blocked is DecisionReason.WaitsForKv or DecisionReason.WaitsForPrefill)
            {
                Backfill(head, output, plan, now);
            }

            if (blocked == DecisionReason.WaitsForKv)
            {
                WeighIdle(head);
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
            previous.WaitReason = IsHeld(previous) ? DecisionReason.WaitsForCohort : DecisionReason.WaitsBehindHead;
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

    /// <summary>Whether the policy holds a request back; an idle engine waits for nobody.</summary>
    private bool IsHeld(SchedulableRequest request) => _state.Gate is AdmissionGate gate && _state.Slots.Running.Count > 0 && gate.Holds(request);

    /// <summary>What keeps a request from starting now; none when it may, from what <paramref name="match"/> says.</summary>
    private DecisionReason WhyBlocked(SchedulableRequest request, int output, out PrefixMatch match)
    {
        match = PrefixMatch.None;
        if (_state.Slots.Running.Count >= _state.Limits.MaxRunning)
        {
            return DecisionReason.WaitsForSlot;
        }

        match = _state.Matcher.Find(request);
        if (match.Source is { State: SlotState.Parked } && !match.Continues && !(HasSlot(match) && HasRoomBesidePinned(match, request, output)))
        {
            // A parked source must stay until the start was carried out: it is of no use where it takes the room, or the slot, that the start needs.
            match = PrefixMatch.None;
        }

        if (!_composer.CanStart(request.TokensToCompute - match.Tokens))
        {
            return DecisionReason.WaitsForPrefill;
        }

        if (!_state.Ledger.Fits(match.Demand(request, output)) || !HasRoomBesidePinned(match, request, output))
        {
            return DecisionReason.WaitsForKv;
        }

        return HasSlot(match) ? DecisionReason.None : DecisionReason.WaitsForSlot;
    }

    /// <summary>Whether everybody's next token fits beside the parked sequences that starts of this plan share from: those alone can't be removed in this
    /// plan.</summary>
    private bool HasRoomBesidePinned(in PrefixMatch match, SchedulableRequest request, int output)
    {
        SequenceSlot? source = match.Continues ? null : match.Source;
        if (_state.Parked.Count == 0 || !(source is { State: SlotState.Parked } || _state.Parked.HasPinned))
        {
            return true;
        }

        KvLedger ledger = _state.Ledger;
        KvDemand demand = match.Demand(request, output);
        long started = ledger.Blocks(demand.Held + 1) - demand.LiveSharedBlocks;
        long pinned = _state.Parked.PinnedBlocks(source, match.Tokens / ledger.BlockTokens);
        return ledger.UsedBlocksNextStep() + started + pinned <= ledger.BudgetBlocks;
    }

    /// <summary>Whether a slot is free, or can be freed by removing a parked sequence that nothing shares from in this plan.</summary>
    private bool HasSlot(in PrefixMatch match) =>
        match.Continues || _state.Slots.FreeCount > 0 || _state.Parked.CanDiscard(match.Source);

    private void Start(SchedulableRequest request, in PrefixMatch match, int output, DecisionReason reason, StepPlan plan, TimeSpan now)
    {
        if (!match.Continues && _state.Slots.FreeCount == 0)
        {
            _state.Parked.DiscardOldest(match.Source);
            _state.FreeLeaving(plan);
        }

        _composer.AddStart(_state.Start(request, match, output, reason, plan, now));
    }

    /// <summary>Nothing runs and the head does not fit: only a request that the door should have refused. It runs as far as the budget goes; one that can't
    /// even begin is refused.</summary>
    private void StartAlone(SchedulableRequest head, int output, StepPlan plan, TimeSpan now)
    {
        if (_state.Ledger.Blocks((long)head.TokensToCompute + 1) <= _state.Ledger.BudgetBlocks)
        {
            Start(head, PrefixMatch.None, output, DecisionReason.StartedAlone, plan, now);
            return;
        }

        string message = $"The request holds {head.TokensToCompute} tokens, which leaves no room for output in a KV budget of {_state.Limits.BudgetTokens} tokens. "
            + "Shorten the prompt or raise KvBudgetTokens.";
        _state.End(head, RequestEnd.Rejected(SchedulingRejection.TooLong, message), now);
    }

    /// <summary>What is left of the budget stays idle for the sake of what is planned, where the blocked head would fit now.</summary>
    private void WeighIdle(SchedulableRequest head)
    {
        KvLedger ledger = _state.Ledger;
        long idle = ledger.BudgetBlocks - ledger.UsedBlocksNextStep();
        if (idle >= ledger.Blocks(head.TokensToCompute + 1L))
        {
            _state.Estimator.OnIdle((double)idle / ledger.BudgetBlocks);
        }
    }

    /// <summary>EASY backfilling: a request behind the blocked head starts if it fits now and the head still fits at its earliest start.</summary>
    private void Backfill(SchedulableRequest head, int headOutput, StepPlan plan, TimeSpan now)
    {
        if (!_state.Options.Backfill || head.Place.Overtaken >= _state.Options.MaxOvertakes || !_composer.HasBudget)
        {
            return;
        }

        int count = _state.Line.Peek(_window, now);
        for (int i = 0; i < count && _state.Slots.Running.Count < _state.Limits.MaxRunning && _composer.HasBudget; i++)
        {
            SchedulableRequest candidate = _window[i];
            if (candidate == head || IsHeld(candidate))
            {
                continue;
            }

            int output = _state.Estimator.Estimate(candidate);
            if (WhyBlocked(candidate, output, out PrefixMatch match) != DecisionReason.None || Refuse(candidate, now))
            {
                continue;
            }

            if (_reservation.StaysWith(head, headOutput, match.Demand(candidate, output)))
            {
                Start(candidate, match, output, DecisionReason.StartedByBackfill, plan, now);
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
