using System.Numerics;

namespace KvScheduling.ManagedEngine;

/// <summary>What pairs of tokens merge to, and how early: a hash table with open addressing, because encoding is little else than looking up pairs.</summary>
internal sealed class MergeTable
{
    /// <summary>The rank of a pair that does not merge.</summary>
    public const int NoRank = int.MaxValue;

    // 2^64 over the golden ratio (Knuth, TAOCP vol. 3, 6.4): spreads neighbouring keys.
    private const ulong Multiplier = 0x9E3779B97F4A7C15;

    private readonly Entry[] _entries;
    private readonly int _shift;

    /// <param name="merges">Pairs of tokens and what they become, best first. Of a pair that is listed twice the first counts.</param>
    public MergeTable(IReadOnlyList<(int Left, int Right, int Merged)> merges)
    {
        int size = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(2 * merges.Count, 2));
        _entries = new Entry[size];
        _shift = 64 - BitOperations.Log2((uint)size);
        Array.Fill(_entries, new Entry(0, NoRank, 0));
        for (int rank = 0; rank < merges.Count; rank++)
        {
            ulong key = Key(merges[rank].Left, merges[rank].Right);
            ref Entry entry = ref Slot(key);
            if (entry.Rank == NoRank)
            {
                entry = new Entry(key, rank, merges[rank].Merged);
            }
        }
    }

    /// <summary>The rank of a pair, lowest first; <see cref="NoRank"/> when it does not merge.</summary>
    public int Find(int left, int right, out int merged)
    {
        ref readonly Entry entry = ref Slot(Key(left, right));
        merged = entry.Merged;
        return entry.Rank;
    }

    private static ulong Key(int left, int right) => ((ulong)(uint)left << 32) | (uint)right;

    private ref Entry Slot(ulong key)
    {
        Entry[] entries = _entries;
        int index = (int)((key * Multiplier) >> _shift);
        while (entries[index].Rank != NoRank && entries[index].Key != key)
        {
            index = (index + 1) & (entries.Length - 1);
        }

        return ref entries[index];
    }

    private readonly record struct Entry(ulong Key, int Rank, int Merged);
}
