namespace KvScheduling;

/// <summary>Finished sequences that keep their KV until the room or the slot is needed; the one unused longest goes first.</summary>
internal sealed class ParkedSequences(SlotTable slots, PrefixIndex prefixes, KvLedger ledger, int most)
{
    private readonly List<SequenceSlot> _oldestFirst = new(Math.Min(most, slots.Capacity) + 1);

    /// <summary>Blocks of parked sequences that are not in the prefix index: output and a last block that is not full.</summary>
    private long _restBlocks;

    public int Count => _oldestFirst.Count;

    /// <summary>Parked sequences, the one unused longest in front.</summary>
    public List<SequenceSlot> OldestFirst => _oldestFirst;

    /// <summary>Whether a start of the present plan shares from a parked sequence.</summary>
    public bool HasPinned { get; private set; }

    /// <summary>Blocks that would be free if nothing were parked.</summary>
    public long Blocks => prefixes.ParkedBlocks + _restBlocks;

    /// <summary>Whether a sequence that ended can be of use to another request.</summary>
    public bool IsWorthwhile(SequenceSlot slot) => most > 0 && slot.Request!.PrefixBlocks.Length > 0 && slot.Computed >= ledger.BlockTokens;

    /// <summary>Parks a sequence that just stopped running.</summary>
    public void Add(SequenceSlot slot)
    {
        slot.State = SlotState.Parked;
        slot.StepTokens = 0;
        _restBlocks += RestOf(slot);
        _oldestFirst.Add(slot);
        if (_oldestFirst.Count > most)
        {
            Discard(_oldestFirst[0]);
        }
    }

    /// <summary>A parked sequence goes on.</summary>
    public void Take(SequenceSlot slot)
    {
        _oldestFirst.Remove(slot);
        _restBlocks -= RestOf(slot);
    }

    /// <summary>A start of the present plan shares from a parked sequence: it stays for now, and goes last.</summary>
    public void Pin(SequenceSlot slot)
    {
        slot.IsPinned = true;
        HasPinned = true;
        _oldestFirst.Remove(slot);
        _oldestFirst.Add(slot);
    }

    /// <summary>Whether one could be removed.</summary>
    public bool CanDiscard(SequenceSlot? except)
    {
        foreach (SequenceSlot slot in _oldestFirst)
        {
            if (slot != except && !slot.IsPinned)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Removes the sequence unused longest.</summary>
    /// <param name="except">One that must stay, or null.</param>
    /// <returns>Whether one could be removed: those that a start of this plan shares from can't.</returns>
    public bool DiscardOldest(SequenceSlot? except)
    {
        foreach (SequenceSlot slot in _oldestFirst)
        {
            if (slot != except && !slot.IsPinned)
            {
                Discard(slot);
                return true;
            }
        }

        return false;
    }

    /// <summary>Removes all.</summary>
    public void DiscardAll()
    {
        while (_oldestFirst.Count > 0)
        {
            Discard(_oldestFirst[^1]);
        }
    }

    /// <summary>Blocks that stay parked with the sequences that starts of this plan share from, and with one more.</summary>
    /// <param name="source">The one more, or null.</param>
    /// <param name="blocks">Its first blocks that are about to be held by a running request.</param>
    public long PinnedBlocks(SequenceSlot? source, int blocks)
    {
        long pinned = 0;
        foreach (SequenceSlot slot in _oldestFirst)
        {
            if (slot.IsPinned || slot == source)
            {
                int living = prefixes.CountLive(slot, slot.PathLength).Live;
                pinned += RestOf(slot) + slot.PathLength - Math.Max(living, slot == source ? blocks : 0);
            }
        }

        return pinned;
    }

    /// <summary>The plan was carried out: sources may go again.</summary>
    public void Unpin()
    {
        HasPinned = false;
        foreach (SequenceSlot slot in _oldestFirst)
        {
            slot.IsPinned = false;
        }
    }

    /// <summary>The engine is gone with all KV.</summary>
    public void Clear()
    {
        _oldestFirst.Clear();
        _restBlocks = 0;
        HasPinned = false;
    }

    /// <summary>Blocks of a parked sequence beyond those in the prefix index.</summary>
    public long RestOf(SequenceSlot slot) => ledger.Blocks(slot.Computed) - slot.PathLength;

    private void Discard(SequenceSlot slot)
    {
        Take(slot);
        prefixes.Drop(slot);
        slots.Leave(slot);
    }
}
