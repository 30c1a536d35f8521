using System.Buffers;
using System.Text.RegularExpressions;

namespace KvScheduling.ManagedEngine;

/// <summary>Cuts text into the pieces that are encoded each on its own: a list of patterns, each applied to the pieces of the one before.</summary>
/// <remarks>Immutable and thread-safe.</remarks>
internal sealed class PreTokenizer(IReadOnlyList<PreTokenizer.Stage> stages)
{
    /// <summary>Cuts a text.</summary>
    /// <param name="text">The text, without special tokens.</param>
    /// <param name="pieces">Receives the pieces in order. They do not overlap, and no surrogate pair is cut.</param>
    public void Split(ReadOnlySpan<char> text, List<Piece> pieces)
    {
        if (!CodePointText.NeedsMapping(text))
        {
            SplitMapped(text, pieces);
            return;
        }

        char[] standIn = ArrayPool<char>.Shared.Rent(text.Length);
        int[] positions = ArrayPool<int>.Shared.Rent(text.Length + 1);
        int length = CodePointText.Map(text, standIn, positions);
        int first = pieces.Count;
        SplitMapped(standIn.AsSpan(0, length), pieces);
        for (int i = first; i < pieces.Count; i++)
        {
            (int start, int count) = pieces[i];
            pieces[i] = new Piece(positions[start], positions[start + count] - positions[start]);
        }

        ArrayPool<char>.Shared.Return(standIn);
        ArrayPool<int>.Shared.Return(positions);
    }

    private void SplitMapped(ReadOnlySpan<char> text, List<Piece> pieces)
    {
        if (stages.Count == 0)
        {
            pieces.Add(new Piece(0, text.Length));
            return;
        }

        int first = pieces.Count;
        stages[0].Split(text, new Piece(0, text.Length), pieces);
        for (int i = 1; i < stages.Count; i++)
        {
            Piece[] previous = [.. pieces[first..]];
            pieces.RemoveRange(first, previous.Length);
            foreach (Piece piece in previous)
            {
                stages[i].Split(text, piece, pieces);
            }
        }
    }

    /// <summary>A part of a text.</summary>
    internal readonly record struct Piece(int Start, int Length);

    /// <summary>One pattern.</summary>
    /// <param name="Pattern">What to look for.</param>
    /// <param name="KeepsOnlyMatches">Whether text between the matches is dropped; otherwise it is a piece too.</param>
    internal sealed record Stage(Regex Pattern, bool KeepsOnlyMatches)
    {
        public void Split(ReadOnlySpan<char> text, Piece part, List<Piece> pieces)
        {
            int end = part.Start;
            foreach (ValueMatch match in Pattern.EnumerateMatches(text.Slice(part.Start, part.Length)))
            {
                if (match.Length == 0)
                {
                    continue;
                }

                int start = part.Start + match.Index;
                AddGap(end, start, pieces);
                pieces.Add(new Piece(start, match.Length));
                end = start + match.Length;
            }

            AddGap(end, part.Start + part.Length, pieces);
        }

        private void AddGap(int start, int end, List<Piece> pieces)
        {
            if (end > start && !KeepsOnlyMatches)
            {
                pieces.Add(new Piece(start, end - start));
            }
        }
    }
}
