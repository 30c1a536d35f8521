namespace KvScheduling;

/// <summary>Takes in what a step did: tokens, ends, sequences that failed, sequences the engine had no KV for.</summary>
internal sealed class StepResults(SchedulerState state, EvictionPlanner evictions)
{
    /// <summary>How many tokens a running request gets from one estimate to the next.</summary>
    private const int EstimateInterval = 8;

    private readonly bool[] _advanced = new bool[state.Slots.Capacity];
    private readonly List<SequenceSlot> _toEstimate = new(state.Slots.Capacity);
    private readonly List<SequenceSlot> _refused = new(state.Slots.Capacity);

    public void Take(ReadOnlySpan<StepEvent> events, TimeSpan now)
    {
        foreach (ref readonly StepEvent item in events)
        {
            // An event of a sequence that left since the step was planned says nothing any more.
            if (state.Slots.Find(item.Slot) is { State: SlotState.Running, StepTokens: > 0 } slot)
            {
                Take(slot, item, now);
                slot.StepTokens = 0;
            }
        }

        state.Ledger.Step(_advanced);
        Array.Clear(_advanced);
        Reestimate();
        MakeRoomForRefused(now);
    }

    private void Take(SequenceSlot slot, in StepEvent item, TimeSpan now)
    {
        switch (item.Status)
        {
            case SequenceStatus.Failed:
                var fault = new EngineFaultException("The engine could not continue this sequence; others are not affected.");
                state.End(slot.Request!, RequestEnd.Failed(fault), now);
                break;
            case SequenceStatus.OutOfCapacity:
                _refused.Add(slot);
                break;
            default:
                slot.Refusals = 0;
                CountComputed(slot, item);
                state.Prefixes.Register(slot, slot.Request!.PrefixBlocks, slot.Computed / state.Ledger.BlockTokens);
                if (item.Token != StepEvent.NoToken)
                {
                    TakeToken(slot, item.Token, now);
                }

                break;
        }
    }

    private void CountComputed(SequenceSlot slot, in StepEvent item)
    {
        // Sampling needs everything computed, and without a token something must be left to compute.
        int before = slot.Computed;
        int most = slot.HeldTokens - (item.Token == StepEvent.NoToken ? 1 : 0);
        slot.Computed = item.Token == StepEvent.NoToken ? Math.Clamp(before + item.Computed, before, Math.Max(before, most)) : most;
        int computed = slot.Computed - before;
        SchedulableRequest request = slot.Request!;
        int again = Math.Clamp(request.Place.MostComputed - before, 0, computed);
        request.RecomputedTokens += again;
        ref SchedulerCounters counters = ref state.Counters;
        counters.RecomputedTokens += again;
        if (slot.IsPrefilling)
        {
            counters.PrefillTokens += computed;
        }
        else
        {
            counters.DecodeTokens += computed;
        }
    }

    private void TakeToken(SequenceSlot slot, int token, TimeSpan now)
    {
        SchedulableRequest request = slot.Request!;
        if (request.IsEndToken(token))
        {
            state.End(request, RequestEnd.Completed(GenerationFinishReason.Stop), now);
            return;
        }

        request.GeneratedTokens++;
        CountOutput(request);
        slot.IsPrefilling = false;
        slot.AwaitsRoom = true;
        request.OnToken(token, now);
        if (request.GeneratedTokens >= request.MaxOutputTokens)
        {
            state.End(request, RequestEnd.Completed(GenerationFinishReason.Length), now);
            return;
        }

        _advanced[slot.Id] = true;
        if (request.GeneratedTokens >= request.EstimatedOutputTokens || (!state.IsGuaranteed && request.GeneratedTokens % EstimateInterval == 0))
        {
            _toEstimate.Add(slot);
        }
    }

    /// <summary>Counts a token once, however often it is generated: the one before it is in the KV cache for the first time.</summary>
    private void CountOutput(SchedulableRequest request)
    {
        if (request.TokensToCompute - 1 > request.Place.MostComputed)
        {
            state.Counters.OutputTokens++;
            request.Place.Account?.ChargeOutput();
        }
    }

    /// <summary>The longer an output is already, the longer it will be: an estimate that is only renewed when it was outlived promises room that seldom
    /// comes.</summary>
    private void Reestimate()
    {
        foreach (SequenceSlot slot in _toEstimate)
        {
            SchedulableRequest request = slot.Request!;
            int estimate = state.Estimator.Estimate(request);
            if (estimate != request.EstimatedOutputTokens)
            {
                request.EstimatedOutputTokens = estimate;
                state.Ledger.SetRemaining(slot.Id, estimate - request.GeneratedTokens);
            }
        }

        _toEstimate.Clear();
    }

    /// <summary>The engine had less KV than it said. One request is touched: it, or a lower one that lost least; and nothing starts until something has
    /// ended.</summary>
    private void MakeRoomForRefused(TimeSpan now)
    {
        if (_refused.Count == 0)
        {
            return;
        }

        if (state.Parked.Count > 0)
        {
            // Parked sequences go before anybody is evicted; the refused are planned again.
            state.Parked.DiscardAll();
            EvictWhileInfeasible(now);
            return;
        }

        // A guaranteed budget must still hold for those that advanced, so there the one that stayed behind goes itself, lowest rank first.
        SequenceSlot asker = _refused[0];
        foreach (SequenceSlot slot in _refused)
        {
            bool isAbove = EvictionPlanner.Rank(slot.Request!, asker.Request!) < 0;
            asker = isAbove != state.IsGuaranteed ? slot : asker;
        }

        _refused.Remove(asker);
        if (evictions.MakeRoomFor(asker, now))
        {
            state.IsCapacityInDoubt = true;
        }
        else if (++asker.Refusals > state.Options.MaxStepRetries)
        {
            string message = "The engine has no KV for this sequence although nothing else is left in it; its description promises more than it has.";
            state.End(asker.Request!, RequestEnd.Failed(new EngineFaultException(message)), now);
        }

        EvictWhileInfeasible(now);
    }

    /// <summary>Those that stayed behind go where a guaranteed budget would not hold with them.</summary>
    private void EvictWhileInfeasible(TimeSpan now)
    {
        foreach (SequenceSlot slot in _refused)
        {
            if (state.IsGuaranteed && slot.State == SlotState.Running && !state.Ledger.IsFeasible())
            {
                state.Evict(slot, DecisionReason.EvictedByFault, now);
            }
        }

        _refused.Clear();
    }
}
