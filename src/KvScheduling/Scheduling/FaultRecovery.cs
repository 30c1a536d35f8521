namespace KvScheduling;

/// <summary>Finds out which request makes steps fail, and spares the others.</summary>
/// <remarks>
/// Everybody in a failed step is a suspect. While there are suspects, each step runs one of them and nobody else, until it has passed the point where it was
/// when the step failed:
/// then it is cleared. One that goes on failing has used up its retries and fails itself.
/// </remarks>
internal sealed class FaultRecovery(SchedulerState state)
{
    private readonly List<SchedulableRequest> _suspects = [];
    private readonly bool[] _advancing = new bool[state.Slots.Capacity];

    /// <summary>Whether there are suspects.</summary>
    public bool IsActive => _suspects.Count > 0;

    /// <summary>Takes the sequences of a failed step out of the engine.</summary>
    public void OnStepFailed(ReadOnlySpan<StepItem> items, Exception error, TimeSpan now)
    {
        foreach (StepItem item in items)
        {
            if (state.Slots.Find(item.Slot) is not { State: SlotState.Running } slot)
            {
                continue;
            }

            SchedulableRequest request = slot.Request!;
            int until = Math.Min(slot.Computed + item.Tokens, slot.HeldTokens);
            if (++request.Place.StepFailures > state.Options.MaxStepRetries)
            {
                state.End(request, RequestEnd.Failed(AsFault(error, "The engine failed on steps with this request in them.")), now);
                continue;
            }

            state.Evict(slot, DecisionReason.EvictedByFault, now);
            if (request.Place.SuspectUntil == 0)
            {
                _suspects.Add(request);
            }

            request.Place.SuspectUntil = Math.Max(until, 1);
        }

        _suspects.Sort(static (a, b) => EvictionPlanner.Rank(a, b));
    }

    /// <summary>What callers are told of an engine's exception.</summary>
    public static EngineFaultException AsFault(Exception error, string message) =>
        error as EngineFaultException ?? new EngineFaultException(message, innerException: error);

    /// <summary>Clears suspects that got through, after a step that went well.</summary>
    public void OnStepDone()
    {
        foreach (SchedulableRequest request in _suspects)
        {
            if (request.State == RequestState.Running && state.Slots[request.Slot].Computed >= request.Place.SuspectUntil)
            {
                request.Place.SuspectUntil = 0;
                request.Place.StepFailures = 0;
            }
        }
    }

    /// <summary>Forgets suspects that were cleared or have ended.</summary>
    public void Purge()
    {
        for (int i = _suspects.Count - 1; i >= 0; i--)
        {
            if (_suspects[i].Place.SuspectUntil == 0 || _suspects[i].State > RequestState.Running)
            {
                _suspects.RemoveAt(i);
            }
        }
    }

    /// <summary>Plans a step of one suspect.</summary>
    public void Plan(StepPlan plan, TimeSpan now)
    {
        SchedulableRequest suspect = _suspects[0];
        foreach (SchedulableRequest request in _suspects)
        {
            if (request.State == RequestState.Running)
            {
                suspect = request;
                break;
            }
        }

        foreach (SequenceSlot other in state.Slots.Running)
        {
            other.StepTokens = 0;
        }

        SequenceSlot slot = suspect.State == RequestState.Running ? state.Slots[suspect.Slot] : Start(suspect, plan, now);
        int step = state.Limits.IsChunked ? state.Limits.MaxStepTokens : int.MaxValue;
        slot.StepTokens = Math.Min(slot.UncomputedTokens, step);
        while (state.Slots.Running.Count > 1 && !IsSafe(slot))
        {
            EvictLowest(suspect, now);
        }

        state.FreeLeaving(plan);
        plan.Add(new StepItem(slot.Id, slot.StepTokens));
    }

    private SequenceSlot Start(SchedulableRequest suspect, StepPlan plan, TimeSpan now)
    {
        int output = state.Estimator.Estimate(suspect);
        KvDemand demand = PrefixMatch.None.Demand(suspect, output);
        while (state.Slots.Running.Count > 0 && (state.Slots.Running.Count >= state.Limits.MaxRunning || !state.Limits.CanHold || !state.Ledger.Fits(demand)))
        {
            EvictLowest(suspect, now);
        }

        if (state.Slots.FreeCount == 0)
        {
            state.Parked.DiscardOldest(except: null);
        }

        state.FreeLeaving(plan);
        return state.Start(suspect, PrefixMatch.None, output, DecisionReason.StartedAlone, plan, now);
    }

    /// <summary>Whether the others can be held while the suspect alone advances.</summary>
    private bool IsSafe(SequenceSlot slot)
    {
        if (!state.Limits.CanHold || state.Ledger.UsedBlocksNextStep() > state.Ledger.BudgetBlocks)
        {
            return false;
        }

        _advancing[slot.Id] = slot.Advances;
        bool feasible = !state.IsGuaranteed || state.Ledger.StaysFeasible(_advancing);
        _advancing[slot.Id] = false;
        return feasible;
    }

    private void EvictLowest(SchedulableRequest suspect, TimeSpan now)
    {
        SequenceSlot? lowest = null;
        foreach (SequenceSlot slot in state.Slots.Running)
        {
            if (slot.Request != suspect && (lowest is null || EvictionPlanner.Rank(lowest.Request!, slot.Request!) < 0))
            {
                lowest = slot;
            }
        }

        state.Evict(lowest!, DecisionReason.EvictedByFault, now);
    }
}
