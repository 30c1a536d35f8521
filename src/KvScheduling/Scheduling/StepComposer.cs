namespace KvScheduling;

/// <summary>Composes a step: one token for every sequence that decodes, then prompts in the order of their starts, in chunks, as far as the token budget
/// goes.</summary>
internal sealed class StepComposer
{
    private readonly SchedulerState _state;
    private readonly SchedulerLimits _limits;
    private readonly bool[] _advancing;
    private int _budget;
    private int _decodes;
    private int _partialPrefills;
    private bool _hasPrefill;
    private bool _isAlone;
    private bool _lastWasAlone;
    private long _lastServed;

    public StepComposer(SchedulerState state)
    {
        _state = state;
        _limits = state.Limits;
        _advancing = new bool[state.Slots.Capacity];
    }

    /// <summary>Whether tokens are left in the step.</summary>
    public bool HasBudget => _budget > 0;

    /// <summary>Serves what runs already.</summary>
    public void Begin()
    {
        _budget = _limits.MaxStepTokens;
        _partialPrefills = 0;
        _hasPrefill = false;
        _isAlone = false;
        _decodes = 0;
        List<SequenceSlot> running = _state.Slots.Running;
        foreach (SequenceSlot slot in running)
        {
            slot.StepTokens = 0;
            _decodes += slot.IsPrefilling || slot.IsHeld ? 0 : 1;
        }

        ServeDecodes(running);
        if (!_limits.CanHold)
        {
            // Everybody must be part of the step: a token each is set aside before the first prompt takes more.
            _budget -= running.Count - _decodes;
        }

        foreach (SequenceSlot slot in running)
        {
            if (slot.IsPrefilling && !slot.IsHeld)
            {
                _budget += _limits.CanHold ? 0 : 1;
                ServePrefill(slot);
            }
        }
    }

    /// <summary>Whether a prompt with this many tokens to compute can begin in this step.</summary>
    public bool CanStart(int tokens)
    {
        if (_limits.IsChunked)
        {
            bool whole = tokens <= Math.Min(_limits.ChunkTokens, _budget);
            return _budget > 0 && (whole || _partialPrefills < _limits.MaxPartialPrefills);
        }

        return !_isAlone && (tokens <= _budget || CanGoAlone);
    }

    /// <summary>Serves a sequence that was started in this step.</summary>
    public void AddStart(SequenceSlot slot) => ServePrefill(slot);

    /// <summary>Writes the step down.</summary>
    public void Finish(StepPlan plan)
    {
        List<SequenceSlot> running = _state.Slots.Running;
        bool anyBehind = false;
        foreach (SequenceSlot slot in running)
        {
            _advancing[slot.Id] = slot.Advances;
            anyBehind |= !slot.Advances;
        }

        if (anyBehind && _state.IsGuaranteed && _limits.CanHold && !_state.Ledger.StaysFeasible(_advancing))
        {
            ComposeByEnd();
        }

        foreach (SequenceSlot slot in running)
        {
            if (slot.StepTokens > 0 && !slot.IsPrefilling)
            {
                plan.Add(new StepItem(slot.Id, slot.StepTokens));
            }
        }

        foreach (SequenceSlot slot in running)
        {
            if (slot.StepTokens > 0 && slot.IsPrefilling)
            {
                plan.Add(new StepItem(slot.Id, slot.StepTokens));
            }
        }

        _lastWasAlone = _isAlone && _decodes > 0;
    }

    /// <summary>A prompt that is taken whole and is too long for what is left may have a step of its own; after one it is the decodes' turn.</summary>
    private bool CanGoAlone => !_hasPrefill && (!_limits.CanHold || _decodes == 0 || !_lastWasAlone);

    private void ServeDecodes(List<SequenceSlot> running)
    {
        if (_decodes <= _budget)
        {
            foreach (SequenceSlot slot in running)
            {
                if (!slot.IsPrefilling && !slot.IsHeld)
                {
                    slot.StepTokens = 1;
                }
            }

            _budget -= _decodes;
            return;
        }

        // More sequences than tokens: they take turns in the order of their starts.
        int first = 0;
        while (first < running.Count && running[first].StartOrder <= _lastServed)
        {
            first++;
        }

        for (int i = 0; i < running.Count && _budget > 0; i++)
        {
            SequenceSlot slot = running[(first + i) % running.Count];
            if (!slot.IsPrefilling && !slot.IsHeld)
            {
                slot.StepTokens = 1;
                _budget--;
                _lastServed = slot.StartOrder;
            }
        }
    }

    private void ServePrefill(SequenceSlot slot)
    {
        int tokens = slot.UncomputedTokens;
        if (_limits.IsChunked)
        {
            slot.StepTokens = Math.Min(Math.Min(tokens, _limits.ChunkTokens), Math.Max(_budget, 0));
            _budget -= slot.StepTokens;
            _partialPrefills += slot.StepTokens < tokens ? 1 : 0;
        }
        else if (!_isAlone && tokens <= _budget)
        {
            slot.StepTokens = tokens;
            _budget -= tokens;
        }
        else if (!_limits.CanHold)
        {
            // The engine takes it whole and can't leave it out: the step is longer than the budget.
            slot.StepTokens = tokens;
            _budget = 0;
        }
        else if (!_isAlone && CanGoAlone)
        {
            foreach (SequenceSlot other in _state.Slots.Running)
            {
                other.StepTokens = 0;
            }

            slot.StepTokens = tokens;
            _budget = 0;
            _isAlone = true;
        }

        _hasPrefill |= slot.StepTokens > 0;
    }

    /// <summary>Composes the step anew so that a guaranteed budget stays guaranteed although some sequences stay behind.</summary>
    /// <remarks>
    /// <para>Invariant of the guaranteed mode: the residents fit if all advance together to their limits (<see cref="KvLedger.Fits"/> made it so for every
    /// start).
    /// It is kept by any step in which those that advance are the first ones in the order of remaining output. Let S advance and R not, every r in S at most
    /// every r in R.
    /// At an offset t where one of S is still running, all of R are at offset t + 1 too, so what is held is at most what the old state held at t + 1; where
    /// none of S is left,
    /// only R holds what it held at t in the old state. Both were within the budget.</para>
    /// <para>So sequences are served by remaining output; once one can't reach its next token, none behind it may. Prompts behind it are still computed, up to
    /// their last token:
    /// a prompt is charged in full from its start, so computing it changes nothing. The first one always gets tokens, hence there is always progress.</para>
    /// </remarks>
    private void ComposeByEnd()
    {
        _isAlone = false;
        int budget = _limits.MaxStepTokens;
        bool isBehind = false;
        bool any = false;
        foreach (int id in _state.Ledger.SlotsByEnd)
        {
            SequenceSlot slot = _state.Slots[id];
            int needed = slot.UncomputedTokens;
            int tokens;
            if (!_limits.IsChunked || !slot.IsPrefilling)
            {
                // The first one may be longer than the budget: it then has the step for itself.
                tokens = !isBehind && (needed <= budget || !any) ? needed : 0;
            }
            else
            {
                tokens = Math.Min(Math.Min(isBehind ? needed - 1 : needed, _limits.ChunkTokens), budget);
            }

            slot.StepTokens = tokens;
            budget = Math.Max(0, budget - tokens);
            any |= tokens > 0;
            isBehind |= tokens < needed;
        }
    }
}
