namespace KvScheduling.Baselines;

/// <summary>Starts what waits by the rules of a baseline, and refuses whom the original would never serve.</summary>
internal sealed class BaselineAdmission(string name, SchedulerState state, BaselineRules rules, BaselineLine line, StepRoom room, StepBudget budget, StepEvictions evictions)
{
    /// <summary>How many waiting requests are looked at where later ones may pass.</summary>
    private const int Window = 256;

    private readonly int _maxRunning = Math.Min(state.Limits.MaxRunning, rules.MaxRunning);

    /// <summary>When the first of the line is refused for its wait; null: never.</summary>
    public TimeSpan? NextRefusal => rules.MaxWait is TimeSpan most && line.First() is SchedulableRequest first && !first.Place.IsResumed ? first.ArrivalTime + most : null;

    /// <summary>Refuses those that waited longer than the original lets anybody.</summary>
    public void RefuseLate(TimeSpan now)
    {
        while (NextRefusal is TimeSpan refusal && now >= refusal)
        {
            string message = $"'{name}' refuses who waited {rules.MaxWait!.Value.TotalSeconds:0.###} s.";
            state.End(line.First()!, RequestEnd.Rejected(SchedulingRejection.DeadlineUnreachable, message), now);
        }
    }

    /// <summary>Starts as many as may start in the step.</summary>
    /// <returns>Why the first that may not start waits; none when all started.</returns>
    public DecisionReason Start(StepPlan plan, TimeSpan now)
    {
        DecisionReason reason = DecisionReason.None;
        foreach (SchedulableRequest request in Candidates())
        {
            if (!rules.Charge.CanEver(request, state))
            {
                RefuseForEver(request, now);
                continue;
            }

            int tokens = budget.ForPrompt(request.TokensToCompute);
            DecisionReason blocked = tokens > 0 ? WhyBlocked(request, tokens, now) : DecisionReason.WaitsForPrefill;
            if (blocked == DecisionReason.None)
            {
                Start(request, tokens, plan, now);
                continue;
            }

            if (state.Slots.Running.Count == 0)
            {
                RefuseForEver(request, now);
                continue;
            }

            reason = reason == DecisionReason.None ? blocked : reason;
            if (!rules.SkipsBlocked || blocked != DecisionReason.WaitsForKv)
            {
                break;
            }
        }

        return reason;
    }

    private IEnumerable<SchedulableRequest> Candidates()
    {
        if (rules.SkipsBlocked)
        {
            foreach (SchedulableRequest request in line.Front(Window))
            {
                yield return request;
            }

            yield break;
        }

        while (line.First() is SchedulableRequest first)
        {
            yield return first;
        }
    }

    private DecisionReason WhyBlocked(SchedulableRequest request, int tokens, TimeSpan now)
    {
        while (true)
        {
            bool hasSlot = state.Slots.Running.Count < _maxRunning && (state.Slots.FreeCount + state.Slots.Leaving.Count > 0 || state.Parked.CanDiscard(null));
            long needed = state.Ledger.Blocks(request.TokensToCompute) + (tokens >= request.TokensToCompute ? room.Growth(request) : 0);
            if (hasSlot && room.Free >= needed && rules.Charge.Admits(request, state))
            {
                return DecisionReason.None;
            }

            if (!evictions.EvictForStart(request, needed, now))
            {
                return hasSlot ? DecisionReason.WaitsForKv : DecisionReason.WaitsForSlot;
            }
        }
    }

    private void Start(SchedulableRequest request, int tokens, StepPlan plan, TimeSpan now)
    {
        state.FreeLeaving(plan);
        if (state.Slots.FreeCount == 0)
        {
            state.Parked.DiscardOldest(except: null);
            state.FreeLeaving(plan);
        }

        SequenceSlot slot = state.Start(request, PrefixMatch.None, state.Estimator.Estimate(request), DecisionReason.StartedAsHead, plan, now);
        slot.StepTokens = tokens;
        budget.Take(tokens, isPrompt: true);
        room.Take(state.Ledger.Blocks(slot.HeldTokens) + (slot.Advances ? room.Growth(slot) : 0));
    }

    private void RefuseForEver(SchedulableRequest request, TimeSpan now)
    {
        string message = $"'{name}' could never start this request: its {request.TokensToCompute} tokens and limit of {request.MaxOutputTokens} do not fit what it sets aside for one.";
        state.End(request, RequestEnd.Rejected(SchedulingRejection.TooLong, message), now);
    }
}
