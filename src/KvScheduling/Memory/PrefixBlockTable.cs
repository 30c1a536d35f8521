using System.Runtime.InteropServices;

namespace KvScheduling;

/// <summary>A computed prompt block in the KV cache and how many sequences hold it.</summary>
internal struct PrefixBlock
{
    /// <summary>The chained hash of its content and all before it.</summary>
    public ulong Hash;

    /// <summary>Running holders.</summary>
    public int Live;

    /// <summary>Parked holders.</summary>
    public int Parked;

    /// <summary>The ids of the running holders, combined by exclusive or: with one holder, its id.</summary>
    public int LiveSlots;

    /// <summary>A slot that held it when it was last looked at.</summary>
    public int Hint;

    /// <summary>The next copy of the same hash, or the next unused entry.</summary>
    public int Next;
}

/// <summary>Prompt blocks by hash. Sequences that computed the same content independently hold different blocks of the same hash: copies.</summary>
internal sealed class PrefixBlockTable
{
    private readonly Dictionary<ulong, int> _firstCopy = [];
    private PrefixBlock[] _blocks = new PrefixBlock[64];
    private int _count;
    private int _unused = -1;

    public ref PrefixBlock this[int block] => ref _blocks[block];

    public bool Contains(ulong hash) => _firstCopy.ContainsKey(hash);

    /// <summary>A copy of a hash that is there; one that runs, and so is charged already, if there is one.</summary>
    public int Find(ulong hash)
    {
        int first = _firstCopy[hash];
        for (int copy = first; copy >= 0; copy = _blocks[copy].Next)
        {
            if (_blocks[copy].Live > 0)
            {
                return copy;
            }
        }

        return first;
    }

    /// <summary>Whether a block can be found by its hash, for recounts.</summary>
    public bool CanFind(int block)
    {
        int copy = _firstCopy.GetValueOrDefault(_blocks[block].Hash, -1);
        while (copy >= 0 && copy != block)
        {
            copy = _blocks[copy].Next;
        }

        return copy == block;
    }

    /// <summary>Adds a block with one running holder.</summary>
    public int Add(ulong hash, int slot)
    {
        int block = _unused;
        if (block >= 0)
        {
            _unused = _blocks[block].Next;
        }
        else
        {
            if (_count == _blocks.Length)
            {
                Array.Resize(ref _blocks, _count * 2);
            }

            block = _count++;
        }

        ref int first = ref CollectionsMarshal.GetValueRefOrAddDefault(_firstCopy, hash, out bool exists);
        _blocks[block] = new PrefixBlock { Hash = hash, Live = 1, LiveSlots = slot, Hint = slot, Next = exists ? first : -1 };
        first = block;
        return block;
    }

    /// <summary>Removes a block that nobody holds any more.</summary>
    public void Remove(int block)
    {
        ulong hash = _blocks[block].Hash;
        int next = _blocks[block].Next;
        int first = _firstCopy[hash];
        if (first != block)
        {
            int before = first;
            while (_blocks[before].Next != block)
            {
                before = _blocks[before].Next;
            }

            _blocks[before].Next = next;
        }
        else if (next >= 0)
        {
            _firstCopy[hash] = next;
        }
        else
        {
            _firstCopy.Remove(hash);
        }

        _blocks[block] = new PrefixBlock { Next = _unused };
        _unused = block;
    }

    public void Clear()
    {
        _firstCopy.Clear();
        _count = 0;
        _unused = -1;
    }
}
