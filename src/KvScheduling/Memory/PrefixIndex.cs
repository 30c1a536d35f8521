namespace KvScheduling;

/// <summary>Which computed prompt blocks are in the KV cache, and who holds them: the leading blocks of running and parked sequences by the chained hash of
/// their content.</summary>
/// <remarks>
/// <para>Blocks are physical: a hash may have several copies. A slot's path is its leading blocks; who shares always shares leading blocks, so the holders of
/// a block hold all
/// blocks before it, and the number of holders never grows along a path.</para>
/// <para>Holders are counted as living (running) and parked. A block with several living holders is charged to the ledger once, as shared; a block with one is
/// part of that one's charge;
/// a block with only parked holders is free on demand and counted in <see cref="ParkedBlocks"/>.</para>
/// </remarks>
internal sealed class PrefixIndex(KvLedger ledger, SlotTable slots)
{
    private readonly PrefixBlockTable _blocks = new();

    /// <summary>Blocks that only parked sequences hold.</summary>
    public long ParkedBlocks { get; private set; }

    /// <summary>Finds the longest run of leading blocks that are in the cache.</summary>
    /// <param name="hashes">The chained hashes of the blocks wanted.</param>
    /// <param name="source">A slot that holds all of them.</param>
    /// <returns>How many blocks; 0 when there are none.</returns>
    public int Match(ReadOnlySpan<ulong> hashes, out SequenceSlot? source)
    {
        // A block is only in the cache together with all blocks before it, so the last one can be found by halving.
        int found = 0;
        int missing = hashes.Length + 1;
        while (missing - found > 1)
        {
            int middle = (found + missing) >>> 1;
            if (_blocks.Contains(hashes[middle - 1]))
            {
                found = middle;
            }
            else
            {
                missing = middle;
            }
        }

        source = found > 0 ? Holder(_blocks.Find(hashes[found - 1]), found - 1) : null;
        return source is null ? 0 : found;
    }

    /// <summary>How many of a slot's first blocks have a living holder, and how many have several.</summary>
    public (int Live, int Shared) CountLive(SequenceSlot source, int blocks)
    {
        int live = FirstBelow(source, blocks, 1);
        return (live, FirstBelow(source, live, 2));
    }

    /// <summary>The only living holder of a slot's block; it must have exactly one.</summary>
    public int OwnerOf(SequenceSlot slot, int block) => _blocks[slot.Path[block]].LiveSlots;

    /// <summary>A sequence that starts holds the first blocks of another one too. The ledger was told with its charge.</summary>
    public void Share(SequenceSlot slot, SequenceSlot source, int blocks)
    {
        EnsurePath(slot, blocks);
        source.Path.AsSpan(0, blocks).CopyTo(slot.Path);
        slot.PathLength = blocks;
        for (int i = 0; i < blocks; i++)
        {
            AddLive(ref _blocks[slot.Path[i]], slot);
        }
    }

    /// <summary>A parked sequence goes on as a running one, in its own slot. The ledger was told with its charge.</summary>
    public void Revive(SequenceSlot slot)
    {
        for (int i = 0; i < slot.PathLength; i++)
        {
            ref PrefixBlock block = ref _blocks[slot.Path[i]];
            AddLive(ref block, slot);
            block.Parked--;
        }
    }

    /// <summary>Adds the blocks of its prompt that a running sequence has computed by now.</summary>
    /// <param name="slot">The sequence.</param>
    /// <param name="hashes">The hashes of its prompt's full blocks.</param>
    /// <param name="computedBlocks">How many full blocks are computed.</param>
    public void Register(SequenceSlot slot, ReadOnlySpan<ulong> hashes, int computedBlocks)
    {
        int end = Math.Min(hashes.Length, computedBlocks);
        if (slot.PathLength >= end)
        {
            return;
        }

        EnsurePath(slot, hashes.Length);
        while (slot.PathLength < end)
        {
            slot.Path[slot.PathLength] = _blocks.Add(hashes[slot.PathLength], slot.Id);
            slot.PathLength++;
        }
    }

    /// <summary>A running sequence lets go of its blocks; call it before the ledger takes back its charge.</summary>
    public void Release(SequenceSlot slot)
    {
        DropLive(slot);
        for (int i = slot.PathLength - 1; i >= 0; i--)
        {
            ref PrefixBlock block = ref _blocks[slot.Path[i]];
            if (block.Live == 0)
            {
                if (block.Parked > 0)
                {
                    ParkedBlocks++;
                }
                else
                {
                    _blocks.Remove(slot.Path[i]);
                }
            }
        }

        slot.PathLength = 0;
    }

    /// <summary>A running sequence ended and stays parked; call it before the ledger takes back its charge.</summary>
    public void Park(SequenceSlot slot)
    {
        DropLive(slot);
        for (int i = 0; i < slot.PathLength; i++)
        {
            ref PrefixBlock block = ref _blocks[slot.Path[i]];
            block.Parked++;
            ParkedBlocks += block.Live == 0 ? 1 : 0;
        }
    }

    /// <summary>A parked sequence is removed.</summary>
    public void Drop(SequenceSlot slot)
    {
        for (int i = slot.PathLength - 1; i >= 0; i--)
        {
            ref PrefixBlock block = ref _blocks[slot.Path[i]];
            block.Parked--;
            if (block.Live == 0 && block.Parked == 0)
            {
                ParkedBlocks--;
                _blocks.Remove(slot.Path[i]);
            }
        }

        slot.PathLength = 0;
    }

    /// <summary>Blocks of a parked sequence that nobody else holds: what removing it frees, beside its own rest.</summary>
    public int OnlyParkedHere(SequenceSlot slot)
    {
        int count = 0;
        for (int i = slot.PathLength - 1; i >= 0; i--)
        {
            ref PrefixBlock block = ref _blocks[slot.Path[i]];
            if (block.Live + block.Parked > 1)
            {
                break;
            }

            count++;
        }

        return count;
    }

    /// <summary>The engine is gone with all KV.</summary>
    public void Clear()
    {
        _blocks.Clear();
        ParkedBlocks = 0;
    }

    /// <summary>Living and parked holders of a block and its hash, for recounts.</summary>
    public (ulong Hash, int Live, int Parked) Describe(int block) => (_blocks[block].Hash, _blocks[block].Live, _blocks[block].Parked);

    /// <summary>Whether a block can be found by its hash, for recounts.</summary>
    public bool CanFind(int block) => _blocks.CanFind(block);

    private static void EnsurePath(SequenceSlot slot, int length)
    {
        if (slot.Path.Length < length)
        {
            int[] path = new int[Math.Max(length, 16)];
            slot.Path.AsSpan(0, slot.PathLength).CopyTo(path);
            slot.Path = path;
        }
    }

    private void AddLive(ref PrefixBlock block, SequenceSlot slot)
    {
        if (block.Live == 0 && block.Parked > 0)
        {
            ParkedBlocks--;
        }

        block.Live++;
        block.LiveSlots ^= slot.Id;
        block.Hint = slot.Id;
    }

    /// <summary>Ends a slot's living hold; blocks that have one living holder left are charged to that one.</summary>
    private void DropLive(SequenceSlot slot)
    {
        int heir = -1;
        int inherited = 0;
        for (int i = 0; i < slot.PathLength; i++)
        {
            ref PrefixBlock block = ref _blocks[slot.Path[i]];
            block.Live--;
            block.LiveSlots ^= slot.Id;
            if (block.Live == 1)
            {
                heir = block.LiveSlots;
                inherited++;
            }
        }

        if (heir >= 0)
        {
            bool stillSharing = _blocks[slot.Path[0]].Live > 1;
            ledger.Unshare(heir, inherited, stillSharing);
        }
    }

    /// <summary>How many of a slot's first blocks have at least this many living holders.</summary>
    private int FirstBelow(SequenceSlot slot, int blocks, int live)
    {
        int low = 0;
        int high = blocks;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (_blocks[slot.Path[middle]].Live >= live)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }

    private SequenceSlot? Holder(int block, int position)
    {
        if (slots.Find(_blocks[block].Hint) is SequenceSlot hinted && Holds(hinted, block, position))
        {
            return hinted;
        }

        for (int id = 0; id < slots.Capacity; id++)
        {
            if (slots.Find(id) is SequenceSlot slot && Holds(slot, block, position))
            {
                _blocks[block].Hint = id;
                return slot;
            }
        }

        return null;
    }

    private static bool Holds(SequenceSlot slot, int block, int position) =>
        slot.State is SlotState.Running or SlotState.Parked && slot.PathLength > position && slot.Path[position] == block;
}
