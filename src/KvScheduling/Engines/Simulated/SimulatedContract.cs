namespace KvScheduling;

/// <summary>The rules of <see cref="IInferenceEngine"/>, checked before anything is done. Each check gives what is wrong, or nothing.</summary>
internal sealed class SimulatedContract
{
    private readonly EngineDescription _engine;
    private readonly SimulatedSequence[] _slots;

    public SimulatedContract(EngineDescription engine, SimulatedSequence[] slots)
    {
        _engine = engine;
        _slots = slots;
    }

    public string? OfStart(in SequenceStart start)
    {
        long total = (long)start.Prompt.Length + start.Output.Length;
        if ((uint)start.Slot >= (uint)_slots.Length)
        {
            return $"A start names slot {start.Slot}, but slots are from 0 to {_slots.Length - 1}.";
        }

        bool continued = start.SharedTokens > 0 && start.SharedFromSlot == start.Slot;
        if (_slots[start.Slot].IsStarted && !continued)
        {
            return $"A start names slot {start.Slot}, which is taken.";
        }

        if (start.Prompt.IsEmpty)
        {
            return $"The prompt of slot {start.Slot} is empty.";
        }

        if (start.MaxTotalTokens <= total || start.MaxTotalTokens > _engine.MaxContextTokens)
        {
            return $"Slot {start.Slot} starts with {total} tokens and a limit of {start.MaxTotalTokens}, "
                + $"which must be larger and at most the context of {_engine.MaxContextTokens}.";
        }

        if (start.Constraint is not null && !_engine.SupportsGuidance)
        {
            return $"Slot {start.Slot} has a constraint, but the engine has no guidance.";
        }

        if (!start.Sampling.IsGreedy && start.Sampling.Seed is null)
        {
            return $"Slot {start.Slot} is sampled without a seed.";
        }

        return OfVocabulary(start.Prompt, start.Slot)
            ?? OfVocabulary(start.Output, start.Slot)
            ?? (start.SharedTokens == 0 ? null : OfSharing(in start, continued));
    }

    public string? OfRemove(int slot) =>
        (uint)slot < (uint)_slots.Length && _slots[slot].IsStarted ? null : $"A removal names slot {slot}, which holds no sequence.";

    /// <summary>Checks a step as a whole, and each of its items.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="eventCount">Room for events.</param>
    /// <param name="step">The step's number; marks the sequences that were planned.</param>
    public string? OfStep(ReadOnlySpan<StepItem> plan, int eventCount, long step)
    {
        if (eventCount < plan.Length)
        {
            return $"A step of {plan.Length} sequences has room for {eventCount} events.";
        }

        long tokens = 0;
        foreach (StepItem item in plan)
        {
            if (OfItem(item, step) is { } breach)
            {
                return breach;
            }

            _slots[item.Slot].MarkPlanned(step);
            tokens += item.Tokens;
        }

        return tokens > _engine.MaxStepTokens ? $"A step computes {tokens} tokens, but the engine computes at most {_engine.MaxStepTokens}."
            : _engine.Hold == HoldSupport.None ? OfHolding(step)
            : null;
    }

    private string? OfItem(StepItem item, long step)
    {
        if ((uint)item.Slot >= (uint)_slots.Length || !_slots[item.Slot].IsStarted)
        {
            return $"A step names slot {item.Slot}, which holds no sequence.";
        }

        SimulatedSequence sequence = _slots[item.Slot];
        int pending = sequence.PendingTokens;
        return sequence.LastStep == step ? $"A step names slot {item.Slot} twice."
            : sequence.IsUndefined ? $"A step names slot {item.Slot}, whose KV is undefined since a failed step; it must be removed first."
            : sequence.IsParked ? $"A step names slot {item.Slot}, which was parked by leaving it out of a step; the engine can't hold."
            : sequence.TotalTokens >= sequence.MaxTotalTokens ? $"A step names slot {item.Slot}, which has reached its limit of {sequence.TotalTokens} tokens."
            : item.Tokens < 1 || item.Tokens > pending ? $"A step computes {item.Tokens} tokens of slot {item.Slot}, which has {pending} to compute."
            : item.Tokens < pending && !_engine.SupportsChunkedPrefill ? $"A step computes {item.Tokens} of {pending} tokens of slot {item.Slot}, not the whole prompt."
            : null;
    }

    /// <summary>An engine that can't hold takes a sequence that is left out for parked, if it can park.</summary>
    private string? OfHolding(long step)
    {
        for (int slot = 0; slot < _slots.Length; slot++)
        {
            SimulatedSequence sequence = _slots[slot];
            if (!sequence.IsStarted || sequence.LastStep == step || sequence.IsUndefined)
            {
                continue;
            }

            if (_engine.PrefixReuse == PrefixReuse.None || sequence.PendingTokens != 1)
            {
                return $"A step leaves slot {slot} out, but the engine can't hold.";
            }

            sequence.IsParked = true;
        }

        return null;
    }

    private string? OfSharing(in SequenceStart start, bool continued)
    {
        if (_engine.PrefixReuse == PrefixReuse.None || (_engine.PrefixReuse == PrefixReuse.Continue && !continued))
        {
            return $"Slot {start.Slot} shares KV of slot {start.SharedFromSlot}, which the engine can't do.";
        }

        if ((uint)start.SharedFromSlot >= (uint)_slots.Length || !_slots[start.SharedFromSlot].IsStarted || _slots[start.SharedFromSlot].IsUndefined)
        {
            return $"Slot {start.Slot} shares KV of slot {start.SharedFromSlot}, which holds none that is good.";
        }

        SimulatedSequence donor = _slots[start.SharedFromSlot];
        int shared = start.SharedTokens;
        if (shared < 0 || shared > donor.CachedTokens || shared >= start.Prompt.Length + start.Output.Length)
        {
            return $"Slot {start.Slot} shares {shared} tokens: more than slot {start.SharedFromSlot} has in the cache ({donor.CachedTokens}), "
                + "or all of its own, so that there is nothing to compute.";
        }

        if (!continued && shared % _engine.BlockTokens != 0)
        {
            return $"Slot {start.Slot} shares {shared} tokens, not whole blocks of {_engine.BlockTokens}.";
        }

        if (continued && _engine.PrefixReuse == PrefixReuse.Continue && shared != donor.CachedTokens)
        {
            return $"Slot {start.Slot} is continued at {shared} of its {donor.CachedTokens} tokens, but the engine can only continue at the end.";
        }

        int fromPrompt = Math.Min(shared, start.Prompt.Length);
        bool same = start.Prompt[..fromPrompt].SequenceEqual(donor.Tokens[..fromPrompt])
            && start.Output[..(shared - fromPrompt)].SequenceEqual(donor.Tokens[fromPrompt..shared]);
        return same ? null : $"Slot {start.Slot} shares {shared} tokens of slot {start.SharedFromSlot}, but its own are different.";
    }

    private string? OfVocabulary(ReadOnlySpan<int> tokens, int slot)
    {
        int at = tokens.IndexOfAnyExceptInRange(0, _engine.VocabularySize - 1);
        return at < 0 ? null : $"Slot {slot} has the token id {tokens[at]}, but ids are from 0 to {_engine.VocabularySize - 1}.";
    }
}
