namespace KvScheduling.Baselines;

/// <summary>Picks who gives way; null: nobody.</summary>
internal delegate SequenceSlot? VictimRule(in VictimQuery query);

/// <summary>Somebody needs room.</summary>
/// <param name="Running">What runs, in the order of starts.</param>
/// <param name="Room">What is free.</param>
/// <param name="Asker">Who needs it.</param>
/// <param name="Needed">Blocks that it needs.</param>
/// <param name="EvictedInStep">How many gave way in this step already.</param>
internal readonly record struct VictimQuery(List<SequenceSlot> Running, StepRoom Room, SchedulableRequest Asker, long Needed, int EvictedInStep);

/// <summary>The victim rules.</summary>
internal static class VictimRules
{
    /// <summary>Decode steps since its start before which nobody is a planned victim.</summary>
    private const int PlannedAfterDecodes = 8;

    /// <summary>The one that started last, the asker included.</summary>
    public static SequenceSlot? LatestStarted(in VictimQuery query) => query.Running.Count > 1 ? query.Running[^1] : null;

    /// <summary>The one that arrived last, the asker included.</summary>
    public static SequenceSlot? LatestArrival(in VictimQuery query) =>
        query.Running.Count > 1 ? query.Running.MaxBy(static slot => slot.Request!.ArrivalIndex) : null;

    /// <summary>The lowest in rank (priority, then arrival) strictly below the asker that is not part of the step yet.</summary>
    public static SequenceSlot? LowestRankBelow(in VictimQuery query)
    {
        SequenceSlot? victim = null;
        foreach (SequenceSlot slot in query.Running)
        {
            SchedulableRequest request = slot.Request!;
            if (slot.StepTokens == 0 && EvictionPlanner.Rank(query.Asker, request) < 0 && (victim is null || EvictionPlanner.Rank(victim.Request!, request) < 0))
            {
                victim = slot;
            }
        }

        return victim;
    }

    /// <summary>The latest arrival of the lowest priority strictly below the asker's.</summary>
    public static SequenceSlot? LowerPriority(in VictimQuery query)
    {
        SequenceSlot? victim = null;
        foreach (SequenceSlot slot in query.Running)
        {
            SchedulableRequest request = slot.Request!;
            if (request.Priority < query.Asker.Priority && (victim is null || EvictionPlanner.Rank(victim.Request!, request) < 0))
            {
                victim = slot;
            }
        }

        return victim;
    }

    /// <summary>The one with the fewest output tokens, of those the one with the longest prompt; the asker included.</summary>
    public static SequenceSlot? FewestOutputs(in VictimQuery query)
    {
        if (query.Running.Count < 2)
        {
            return null;
        }

        SequenceSlot victim = query.Running[0];
        foreach (SequenceSlot slot in query.Running)
        {
            SchedulableRequest request = slot.Request!;
            int outputs = request.GeneratedTokens.CompareTo(victim.Request!.GeneratedTokens);
            victim = outputs < 0 || (outputs == 0 && request.PromptTokens > victim.Request.PromptTokens) ? slot : victim;
        }

        return victim;
    }

    /// <summary>One in a step: the one evicted least often, of those the latest arrival, that has decoded for a while and gives what is needed.</summary>
    public static SequenceSlot? Planned(in VictimQuery query)
    {
        SequenceSlot? victim = null;
        foreach (SequenceSlot slot in query.Running)
        {
            SchedulableRequest request = slot.Request!;
            bool mayGo = query.EvictedInStep == 0 && request != query.Asker && request.GeneratedTokens - slot.GeneratedAtStart >= PlannedAfterDecodes
                && query.Room.Free + query.Room.HeldBy(slot) >= query.Needed;
            if (mayGo && (victim is null || request.Evictions < victim.Request!.Evictions
                || (request.Evictions == victim.Request.Evictions && request.ArrivalIndex > victim.Request.ArrivalIndex)))
            {
                victim = slot;
            }
        }

        return victim;
    }
}
