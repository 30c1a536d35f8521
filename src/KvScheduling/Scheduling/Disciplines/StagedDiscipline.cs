namespace KvScheduling;

/// <summary>Steps as arXiv 2504.11320 plans them: a batch takes a bounded number of requests of each stage of the groups that are due, and pauses everybody else with their KV.</summary>
/// <remarks>
/// A request's stage is the number of tokens it has generated: 0 before its prefill, which gives the first. First in, first out within a stage. What the paper leaves open: a step's token limit
/// cuts the batch, prompts last; a prompt longer than the limit is computed in chunks. Evicted requests keep their tokens and join the entry queue again.
/// </remarks>
internal abstract class StagedDiscipline : IStepDiscipline, ILineListener
{
    private readonly TimeSpan _progressAfter;
    private readonly RequestFifo<WaitTicket>[] _entries;
    private readonly bool[] _isDue;
    private readonly Dictionary<(int Group, int Stage), int> _taken = [];
    private TimeSpan _lastDecode;
    private bool _isDraining;

    protected StagedDiscipline(SchedulerState state, string policy, int groups, TimeSpan progressAfter)
    {
        if (!state.Limits.CanHold)
        {
            throw new InvalidOperationException(
                $"The paper-exact form of '{policy}' pauses sequences, and this engine can't hold a sequence back. Set PaperExact to false, or use an engine with HoldSupport.Free.");
        }

        State = state;
        _progressAfter = progressAfter;
        _isDue = new bool[groups];
        _entries = new RequestFifo<WaitTicket>[groups];
        for (int i = 0; i < groups; i++)
        {
            _entries[i] = new RequestFifo<WaitTicket>();
        }

        state.Listener = this;
    }

    public DecisionReason HeadWaitReason { get; private set; }

    public TimeSpan? NextWake => State.Slots.Running.Count > 0 || State.Line.Count > 0 ? ProgressAt : null;

    protected SchedulerState State { get; }

    private TimeSpan ProgressAt => _lastDecode + _progressAfter;

    public void OnQueued(SchedulableRequest request, TimeSpan now)
    {
        if (State.Slots.Running.Count == 0 && State.Line.Count == 1)
        {
            _lastDecode = now;
        }

        _entries[EntryGroup(request)].Add(request);
    }

    public void OnLeft(SchedulableRequest request, bool wasResumed) => _entries[EntryGroup(request)].OnRemoved();

    public void OnStarted(SchedulableRequest request, TimeSpan now)
    {
    }

    public void OnCompleted(SchedulableRequest request) => _isDraining = false;

    public void Block(DecisionReason reason, TimeSpan now) => SetHeadReason(reason, now);

    public void Plan(StepPlan plan, TimeSpan now)
    {
        _taken.Clear();
        FindDue(_isDue);
        _isDraining |= now >= ProgressAt;
        int budget = State.Limits.MaxStepTokens;
        budget = TakeResidents(budget, prefilling: false);
        budget = TakeResidents(budget, prefilling: true);
        MakeRoom(0, now);
        DecisionReason reason = State.IsCapacityInDoubt ? DecisionReason.WaitsForKv : Start(budget, plan, now);
        State.FreeLeaving(plan);
        foreach (SequenceSlot slot in State.Slots.Running)
        {
            if (slot.StepTokens > 0)
            {
                plan.Add(new StepItem(slot.Id, slot.StepTokens));
                _lastDecode = slot.IsPrefilling ? _lastDecode : now;
            }
        }

        SetHeadReason(reason, now);
    }

    /// <summary>Says which groups are due.</summary>
    protected abstract void FindDue(bool[] isDue);

    /// <summary>The group whose entry queue a request joins.</summary>
    protected abstract int EntryGroup(SchedulableRequest request);

    /// <summary>The group that a running request belongs to at a stage.</summary>
    protected abstract int GroupOf(SchedulableRequest request, int stage);

    /// <summary>n of a group.</summary>
    protected abstract int Threshold(int group);

    /// <summary>Whether a paused request may be evicted so that others can run.</summary>
    protected abstract bool MayEvict(SequenceSlot slot);

    protected int EntryCount(int group) => _entries[group].Count;

    private static bool IsChunk(SequenceSlot slot) => slot.IsPrefilling && slot.Computed > 0;

    private int TakeResidents(int budget, bool prefilling)
    {
        foreach (SequenceSlot slot in State.Slots.Running)
        {
            if (slot.IsPrefilling != prefilling)
            {
                continue;
            }

            SchedulableRequest request = slot.Request!;
            int stage = prefilling ? 0 : request.GeneratedTokens;
            bool takes = _isDraining || IsChunk(slot) || Take(prefilling ? EntryGroup(request) : GroupOf(request, stage), stage);
            slot.StepTokens = takes ? TokensOf(slot.UncomputedTokens, budget) : 0;
            budget -= slot.StepTokens;
        }

        return budget;
    }

    /// <summary>Counts one more of a group's stage, if the batch has room for it.</summary>
    private bool Take(int group, int stage)
    {
        int taken = _taken.GetValueOrDefault((group, stage));
        if (!_isDue[group] || taken >= Threshold(group))
        {
            return false;
        }

        _taken[(group, stage)] = taken + 1;
        return true;
    }

    private int TokensOf(int needed, int budget) =>
        needed <= budget && needed <= State.Limits.ChunkTokens ? needed
        : State.Limits.IsChunked ? Math.Min(Math.Min(needed, State.Limits.ChunkTokens), budget)
        : budget == State.Limits.MaxStepTokens ? needed : 0;

    private DecisionReason Start(int budget, StepPlan plan, TimeSpan now)
    {
        DecisionReason reason = DecisionReason.WaitsForCohort;
        for (int group = 0; group < _entries.Length; group++)
        {
            while (_entries[group].First() is SchedulableRequest request && (_isDraining ? State.Slots.Running.Count == 0 : Take(group, 0)))
            {
                int tokens = TokensOf(request.TokensToCompute, budget);
                if (tokens <= 0)
                {
                    reason = DecisionReason.WaitsForPrefill;
                    break;
                }

                if (State.Slots.Running.Count >= State.Limits.MaxRunning || !(State.Slots.FreeCount > 0 || State.Parked.CanDiscard(null)))
                {
                    reason = DecisionReason.WaitsForSlot;
                    break;
                }

                if (!MakeRoom(request.TokensToCompute, now))
                {
                    reason = DecisionReason.WaitsForKv;
                    break;
                }

                if (State.Slots.FreeCount == 0)
                {
                    State.Parked.DiscardOldest(except: null);
                }

                State.FreeLeaving(plan);
                SequenceSlot slot = State.Start(request, PrefixMatch.None, State.Estimator.Estimate(request), DecisionReason.StartedAsHead, plan, now);
                slot.StepTokens = tokens;
                budget -= tokens;
            }
        }

        return reason;
    }

    /// <summary>Whether the step fits when a request of this many tokens starts in it; evicts paused requests, the one admitted last first, and where none may go, pauses those of the batch.</summary>
    private bool MakeRoom(int more, TimeSpan now)
    {
        while (!Fits(more))
        {
            SequenceSlot? victim = null;
            SequenceSlot? last = null;
            foreach (SequenceSlot slot in State.Slots.Running)
            {
                victim = slot.StepTokens == 0 && MayEvict(slot) ? slot : victim;
                last = slot.StepTokens > 0 && Grows(slot) ? slot : last;
            }

            if (victim is not null)
            {
                State.Evict(victim, DecisionReason.EvictedForKv, now);
            }
            else if (more > 0)
            {
                return false;
            }
            else if (last is not null && TakenCount() > 1)
            {
                last.StepTokens = 0;
            }
            else
            {
                // One alone, and no room for its next token: the paused ones must go, whoever they are.
                SequenceSlot latest = State.Slots.Running[^1] != last || State.Slots.Running.Count == 1 ? State.Slots.Running[^1] : State.Slots.Running[^2];
                State.Evict(latest, DecisionReason.EvictedForKv, now);
            }
        }

        return true;
    }

    private int TakenCount()
    {
        int count = 0;
        foreach (SequenceSlot slot in State.Slots.Running)
        {
            count += slot.StepTokens > 0 ? 1 : 0;
        }

        return count;
    }

    private static bool Grows(SequenceSlot slot) => slot.Advances && slot.Request!.GeneratedTokens + 1 < slot.Request.MaxOutputTokens;

    /// <summary>Whether everybody fits in the step, and after it without those that it certainly completes.</summary>
    private bool Fits(int more)
    {
        KvLedger ledger = State.Ledger;
        long during = ledger.Blocks(more);
        long after = more > 0 ? ledger.Blocks(more + 1L) : 0;
        foreach (SequenceSlot slot in State.Slots.Running)
        {
            bool ends = slot.Advances && !Grows(slot);
            during += ledger.Blocks(slot.HeldTokens);
            after += ends ? 0 : ledger.Blocks(slot.HeldTokens + (slot.Advances ? 1 : 0));
        }

        return Math.Max(during, after) <= ledger.BudgetBlocks;
    }

    private void SetHeadReason(DecisionReason reason, TimeSpan now)
    {
        SchedulableRequest? head = State.Line.Head(now);
        HeadWaitReason = head is null ? DecisionReason.None : reason;
        if (head is not null)
        {
            head.WaitReason = reason;
        }
    }
}
