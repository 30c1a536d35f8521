using System.Runtime.InteropServices;

namespace KvScheduling;

/// <summary>Which computed prompt blocks are in the KV cache, and who holds them: the leading blocks of running and parked sequences by the chained hash of their content.</summary>
/// <remarks>
/// <para>A node is one physical block. Sequences that computed the same prompt independently hold different blocks of the same hash: copies. A slot's path is its leading nodes;
/// who shares always shares leading blocks, so the holders of a block hold all blocks before it, and the number of holders never grows along a path.</para>
/// <para>Holders are counted as living (running) and parked. A block with several living holders is charged to the ledger once, as shared; a block with one is part of that one's charge;
/// a block with only parked holders is free on demand and counted in <see cref="ParkedBlocks"/>.</para>
/// </remarks>
internal sealed class PrefixIndex(KvLedger ledger, SlotTable slots)
{
    private readonly Dictionary<ulong, int> _firstCopy = [];
    private Node[] _nodes = new Node[64];
    private int _nodeCount;
    private int _freeNode = -1;

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
            if (_firstCopy.ContainsKey(hashes[middle - 1]))
            {
                found = middle;
            }
            else
            {
                missing = middle;
            }
        }

        source = found > 0 ? Holder(BestCopy(hashes[found - 1]), found - 1) : null;
        return source is null ? 0 : found;
    }

    /// <summary>How many of a slot's first blocks have a living holder, and how many have several.</summary>
    public (int Live, int Shared) CountLive(SequenceSlot source, int blocks)
    {
        int live = FirstBelow(source, blocks, 1);
        return (live, FirstBelow(source, live, 2));
    }

    /// <summary>The only living holder of a slot's block; it must have exactly one.</summary>
    public int OwnerOf(SequenceSlot slot, int block) => _nodes[slot.Path[block]].LiveSlots;

    /// <summary>A sequence that starts holds the first blocks of another one too. The ledger was told with its charge.</summary>
    public void Share(SequenceSlot slot, SequenceSlot source, int blocks)
    {
        EnsurePath(slot, blocks);
        source.Path.AsSpan(0, blocks).CopyTo(slot.Path);
        slot.PathLength = blocks;
        for (int i = 0; i < blocks; i++)
        {
            AddLive(ref _nodes[slot.Path[i]], slot);
        }
    }

    /// <summary>A parked sequence goes on as a running one, in its own slot. The ledger was told with its charge.</summary>
    public void Revive(SequenceSlot slot)
    {
        for (int i = 0; i < slot.PathLength; i++)
        {
            ref Node node = ref _nodes[slot.Path[i]];
            AddLive(ref node, slot);
            node.Parked--;
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
            slot.Path[slot.PathLength] = AddNode(hashes[slot.PathLength], slot);
            slot.PathLength++;
        }
    }

    /// <summary>A running sequence lets go of its blocks; call it before the ledger takes back its charge.</summary>
    public void Release(SequenceSlot slot)
    {
        DropLive(slot);
        for (int i = slot.PathLength - 1; i >= 0; i--)
        {
            ref Node node = ref _nodes[slot.Path[i]];
            if (node.Live == 0)
            {
                if (node.Parked > 0)
                {
                    ParkedBlocks++;
                }
                else
                {
                    FreeNode(slot.Path[i]);
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
            ref Node node = ref _nodes[slot.Path[i]];
            node.Parked++;
            ParkedBlocks += node.Live == 0 ? 1 : 0;
        }
    }

    /// <summary>A parked sequence is removed.</summary>
    public void Drop(SequenceSlot slot)
    {
        for (int i = slot.PathLength - 1; i >= 0; i--)
        {
            ref Node node = ref _nodes[slot.Path[i]];
            node.Parked--;
            if (node.Live == 0 && node.Parked == 0)
            {
                ParkedBlocks--;
                FreeNode(slot.Path[i]);
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
            ref Node node = ref _nodes[slot.Path[i]];
            if (node.Live + node.Parked > 1)
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
        _firstCopy.Clear();
        _nodeCount = 0;
        _freeNode = -1;
        ParkedBlocks = 0;
    }

    /// <summary>Living and parked holders of a block and its hash, for recounts.</summary>
    public (ulong Hash, int Live, int Parked) Describe(int node) => (_nodes[node].Hash, _nodes[node].Live, _nodes[node].Parked);

    /// <summary>Whether a block can be found by its hash, for recounts.</summary>
    public bool CanFind(int node)
    {
        int copy = _firstCopy.GetValueOrDefault(_nodes[node].Hash, -1);
        while (copy >= 0 && copy != node)
        {
            copy = _nodes[copy].Next;
        }

        return copy == node;
    }

    private static void EnsurePath(SequenceSlot slot, int length)
    {
        if (slot.Path.Length < length)
        {
            int[] path = new int[Math.Max(length, 16)];
            slot.Path.AsSpan(0, slot.PathLength).CopyTo(path);
            slot.Path = path;
        }
    }

    private void AddLive(ref Node node, SequenceSlot slot)
    {
        if (node.Live == 0 && node.Parked > 0)
        {
            ParkedBlocks--;
        }

        node.Live++;
        node.LiveSlots ^= slot.Id;
        node.Hint = slot.Id;
    }

    /// <summary>Ends a slot's living hold; blocks that have one living holder left are charged to that one.</summary>
    private void DropLive(SequenceSlot slot)
    {
        int heir = -1;
        int inherited = 0;
        for (int i = 0; i < slot.PathLength; i++)
        {
            ref Node node = ref _nodes[slot.Path[i]];
            node.Live--;
            node.LiveSlots ^= slot.Id;
            if (node.Live == 1)
            {
                heir = node.LiveSlots;
                inherited++;
            }
        }

        if (heir >= 0)
        {
            bool stillSharing = _nodes[slot.Path[0]].Live > 1;
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
            if (_nodes[slot.Path[middle]].Live >= live)
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

    /// <summary>Of several copies one that is charged already.</summary>
    private int BestCopy(ulong hash)
    {
        int first = _firstCopy[hash];
        for (int copy = first; copy >= 0; copy = _nodes[copy].Next)
        {
            if (_nodes[copy].Live > 0)
            {
                return copy;
            }
        }

        return first;
    }

    private SequenceSlot? Holder(int node, int block)
    {
        if (slots.Find(_nodes[node].Hint) is SequenceSlot hinted && Holds(hinted, node, block))
        {
            return hinted;
        }

        for (int id = 0; id < slots.Capacity; id++)
        {
            if (slots.Find(id) is SequenceSlot slot && Holds(slot, node, block))
            {
                _nodes[node].Hint = id;
                return slot;
            }
        }

        return null;
    }

    private static bool Holds(SequenceSlot slot, int node, int block) =>
        slot.State is SlotState.Running or SlotState.Parked && slot.PathLength > block && slot.Path[block] == node;

    private int AddNode(ulong hash, SequenceSlot slot)
    {
        int index = _freeNode;
        if (index >= 0)
        {
            _freeNode = _nodes[index].Next;
        }
        else
        {
            if (_nodeCount == _nodes.Length)
            {
                Array.Resize(ref _nodes, _nodeCount * 2);
            }

            index = _nodeCount++;
        }

        ref int first = ref CollectionsMarshal.GetValueRefOrAddDefault(_firstCopy, hash, out bool exists);
        _nodes[index] = new Node { Hash = hash, Live = 1, LiveSlots = slot.Id, Hint = slot.Id, Next = exists ? first : -1 };
        first = index;
        return index;
    }

    private void FreeNode(int index)
    {
        ulong hash = _nodes[index].Hash;
        int next = _nodes[index].Next;
        int first = _firstCopy[hash];
        if (first != index)
        {
            int before = first;
            while (_nodes[before].Next != index)
            {
                before = _nodes[before].Next;
            }

            _nodes[before].Next = next;
        }
        else if (next >= 0)
        {
            _firstCopy[hash] = next;
        }
        else
        {
            _firstCopy.Remove(hash);
        }

        _nodes[index] = new Node { Next = _freeNode };
        _freeNode = index;
    }

    private struct Node
    {
        public ulong Hash;

        /// <summary>Running holders.</summary>
        public int Live;

        /// <summary>Parked holders.</summary>
        public int Parked;

        /// <summary>The ids of the running holders, combined by exclusive or: with one holder, its id.</summary>
        public int LiveSlots;

        /// <summary>A slot that held it when it was last looked at.</summary>
        public int Hint;

        /// <summary>The next copy of the same hash, or the next free node.</summary>
        public int Next;
    }
}
