using System.Buffers;

namespace KvScheduling.ManagedEngine;

/// <summary>
/// Byte-level byte-pair encoding (Sennrich et al., 2016): the pair of neighbours with the lowest rank is merged, the leftmost first, until no pair has a
/// rank.
/// </summary>
/// <remarks>Immutable and thread-safe. Time is O(n log n) in the length of a piece.</remarks>
internal sealed class BytePairEncoder
{
    // Up to here looking for the best pair again and again is faster than keeping a queue.
    private const int ShortPiece = 48;

    private readonly int[] _byteTokens;
    private readonly MergeTable _merges;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _vocabulary;
    private readonly bool _takesWholePieces;
    private readonly int? _unknownToken;

    /// <param name="vocabulary">Token ids by their spelling in the <see cref="ByteAlphabet"/>.</param>
    /// <param name="merges">Pairs of tokens and what they become, best first.</param>
    /// <param name="takesWholePieces">Whether a piece that is in the vocabulary is taken without merging (<c>ignore_merges</c>).</param>
    /// <param name="unknownToken">Stands for bytes that the vocabulary lacks; <see langword="null"/> to leave them out.</param>
    public BytePairEncoder(
        Dictionary<string, int> vocabulary, IReadOnlyList<(int Left, int Right, int Merged)> merges, bool takesWholePieces, int? unknownToken)
    {
        _vocabulary = vocabulary.GetAlternateLookup<ReadOnlySpan<char>>();
        _takesWholePieces = takesWholePieces;
        _unknownToken = unknownToken;
        _byteTokens = new int[256];
        for (int value = 0; value < 256; value++)
        {
            _byteTokens[value] = _vocabulary.TryGetValue([ByteAlphabet.CharacterOf((byte)value)], out int token) ? token : -1;
        }

        _merges = new MergeTable(merges);
    }

    /// <summary>Encodes the UTF-8 bytes of one piece.</summary>
    public void Encode(ReadOnlySpan<byte> piece, List<int> tokens)
    {
        if (_takesWholePieces && TryGetWhole(piece, out int whole))
        {
            tokens.Add(whole);
            return;
        }

        int[]? rented = null;
        Span<int> ids = piece.Length <= ShortPiece ? stackalloc int[ShortPiece] : (rented = ArrayPool<int>.Shared.Rent(piece.Length));
        int count = 0;
        foreach (byte value in piece)
        {
            int token = _byteTokens[value];
            if (token >= 0)
            {
                ids[count++] = token;
            }
            else if (_unknownToken is { } unknown)
            {
                ids[count++] = unknown;
            }
        }

        if (count <= ShortPiece)
        {
            EncodeShort(ids[..count], tokens);
        }
        else
        {
            EncodeLong(ids[..count], tokens);
        }

        if (rented is not null)
        {
            ArrayPool<int>.Shared.Return(rented);
        }
    }

    private bool TryGetWhole(ReadOnlySpan<byte> piece, out int token)
    {
        char[]? rented = null;
        Span<char> spelling = piece.Length <= 256 ? stackalloc char[256] : (rented = ArrayPool<char>.Shared.Rent(piece.Length));
        for (int i = 0; i < piece.Length; i++)
        {
            spelling[i] = ByteAlphabet.CharacterOf(piece[i]);
        }

        bool isFound = _vocabulary.TryGetValue(spelling[..piece.Length], out token);
        if (rented is not null)
        {
            ArrayPool<char>.Shared.Return(rented);
        }

        return isFound;
    }

    private void EncodeShort(Span<int> ids, List<int> tokens)
    {
        Span<int> ranks = stackalloc int[ShortPiece];
        Span<int> merged = stackalloc int[ShortPiece];
        int count = ids.Length;
        for (int i = 0; i + 1 < count; i++)
        {
            Rank(ids, i, count, ranks, merged);
        }

        while (count > 1)
        {
            int best = 0;
            for (int i = 1; i + 1 < count; i++)
            {
                if (ranks[i] < ranks[best])
                {
                    best = i;
                }
            }

            if (ranks[best] == MergeTable.NoRank)
            {
                break;
            }

            ids[best] = merged[best];
            count--;
            ids[(best + 2)..(count + 1)].CopyTo(ids[(best + 1)..]);
            ranks[(best + 1)..count].CopyTo(ranks[best..]);
            merged[(best + 1)..count].CopyTo(merged[best..]);
            Rank(ids, best, count, ranks, merged);
            if (best > 0)
            {
                Rank(ids, best - 1, count, ranks, merged);
            }
        }

        foreach (int id in ids[..count])
        {
            tokens.Add(id);
        }
    }

    private void Rank(ReadOnlySpan<int> ids, int position, int count, Span<int> ranks, Span<int> merged) =>
        ranks[position] = position + 1 < count ? _merges.Find(ids[position], ids[position + 1], out merged[position]) : MergeTable.NoRank;

    private void EncodeLong(Span<int> ids, List<int> tokens)
    {
        int count = ids.Length;
        int[] links = ArrayPool<int>.Shared.Rent(2 * count);
        Span<int> next = links.AsSpan(0, count);
        Span<int> previous = links.AsSpan(count, count);
        var queue = new PriorityQueue<Candidate, long>(count);
        for (int i = 0; i < count; i++)
        {
            next[i] = i + 1;
            previous[i] = i - 1;
            Enqueue(queue, ids, next, i);
        }

        while (queue.TryDequeue(out Candidate candidate, out long best))
        {
            int left = (int)(best & uint.MaxValue);
            int right = next[left];

            // A merge beside it may have changed what the candidate was made of.
            if (ids[left] != candidate.Left || right >= count || ids[right] != candidate.Right)
            {
                continue;
            }

            ids[left] = candidate.Merged;
            ids[right] = -1;
            next[left] = next[right];
            if (next[left] < count)
            {
                previous[next[left]] = left;
            }

            Enqueue(queue, ids, next, left);
            Enqueue(queue, ids, next, previous[left]);
        }

        for (int i = 0; i < count; i = next[i])
        {
            tokens.Add(ids[i]);
        }

        ArrayPool<int>.Shared.Return(links);
    }

    private void Enqueue(PriorityQueue<Candidate, long> queue, ReadOnlySpan<int> ids, ReadOnlySpan<int> next, int position)
    {
        if (position < 0 || next[position] >= ids.Length)
        {
            return;
        }

        int left = ids[position];
        int right = ids[next[position]];
        int rank = _merges.Find(left, right, out int merged);
        if (rank != MergeTable.NoRank)
        {
            queue.Enqueue(new Candidate(left, right, merged), ((long)rank << 32) | (uint)position);
        }
    }

    private readonly record struct Candidate(int Left, int Right, int Merged);
}
