namespace KvScheduling;

/// <summary>Finds the most KV a request can start from, within what the engine can do.</summary>
internal sealed class PrefixMatcher(PrefixReuse reuse, PrefixIndex index, ParkedSequences parked, KvLedger ledger, DecisionRecorder? recorder)
{
    /// <summary>The best start for a waiting request.</summary>
    public PrefixMatch Find(SchedulableRequest request)
    {
        // A suspect is computed alone and whole, so that what it shares can't hide or spread what it does.
        ReadOnlySpan<ulong> hashes = request.PrefixBlocks;
        if (reuse == PrefixReuse.None || hashes.IsEmpty || request.Place.SuspectUntil > 0)
        {
            return PrefixMatch.None;
        }

        // At least one token must be left to compute.
        int most = request.PromptTokens - 1;
        int blocks = 0;
        SequenceSlot? source = null;
        if (reuse == PrefixReuse.Share)
        {
            blocks = index.Match(hashes[..Math.Min(hashes.Length, most / ledger.BlockTokens)], out source);
        }

        if (FindContinued(request, hashes[0], Math.Max(blocks * ledger.BlockTokens, 0), most) is SequenceSlot continued)
        {
            return Describe(continued, continued.PathLength, continued.Computed, continues: true);
        }

        return source is null ? PrefixMatch.None : Describe(source, blocks, blocks * ledger.BlockTokens, continues: false);
    }

    /// <summary>A parked sequence that the request starts with as a whole and that saves more than sharing blocks.</summary>
    private SequenceSlot? FindContinued(SchedulableRequest request, ulong firstHash, int moreThan, int most)
    {
        SequenceSlot? best = null;
        foreach (SequenceSlot slot in parked.OldestFirst)
        {
            if (slot.Computed > (best?.Computed ?? moreThan) && slot.Computed <= most && !slot.IsPinned
                && slot.Request!.PrefixBlocks[0] == firstHash && StartsWith(request, slot))
            {
                best = slot;
            }
        }

        return best;
    }

    private bool StartsWith(SchedulableRequest request, SequenceSlot slot)
    {
        bool startsWithIt = request.StartsWith(slot.Request!, slot.Computed);
        recorder?.OnCompared(startsWithIt);
        return startsWithIt;
    }

    private PrefixMatch Describe(SequenceSlot source, int blocks, int tokens, bool continues)
    {
        (int live, int shared) = index.CountLive(source, blocks);
        int owner = live > shared ? index.OwnerOf(source, shared) : -1;
        return new PrefixMatch(source, tokens, continues, live, live - shared, owner);
    }
}
