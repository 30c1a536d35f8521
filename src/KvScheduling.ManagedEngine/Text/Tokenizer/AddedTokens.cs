using System.Buffers;

namespace KvScheduling.ManagedEngine;

/// <summary>A token that is recognised in text as it is written, before anything else.</summary>
/// <param name="Content">Its text.</param>
/// <param name="Id">Its id.</param>
/// <param name="IsSpecial">Whether it is hidden in decoded text.</param>
/// <param name="TakesSpaceBefore">Whether white space before it belongs to it.</param>
/// <param name="TakesSpaceAfter">Whether white space after it belongs to it.</param>
internal sealed record AddedToken(string Content, int Id, bool IsSpecial, bool TakesSpaceBefore, bool TakesSpaceAfter);

/// <summary>Finds added tokens in a text: the leftmost, and of several there the longest.</summary>
/// <remarks>Immutable and thread-safe.</remarks>
internal sealed class AddedTokens
{
    private readonly SearchValues<string>? _any;
    private readonly Dictionary<string, AddedToken>.AlternateLookup<ReadOnlySpan<char>> _byContent;
    private readonly int[] _lengths;

    public AddedTokens(IReadOnlyCollection<AddedToken> tokens)
    {
        var byContent = new Dictionary<string, AddedToken>(StringComparer.Ordinal);
        foreach (AddedToken token in tokens)
        {
            byContent.TryAdd(token.Content, token);
        }

        _byContent = byContent.GetAlternateLookup<ReadOnlySpan<char>>();
        _lengths = [.. byContent.Keys.Select(content => content.Length).Distinct().OrderDescending()];
        _any = byContent.Count > 0 ? SearchValues.Create([.. byContent.Keys], StringComparison.Ordinal) : null;
    }

    /// <summary>Finds the first added token at or after a position.</summary>
    /// <param name="text">The text.</param>
    /// <param name="from">Where to start.</param>
    /// <param name="start">Where the token starts, white space that belongs to it included.</param>
    /// <param name="end">Where what follows it starts.</param>
    public AddedToken? FindNext(ReadOnlySpan<char> text, int from, out int start, out int end)
    {
        start = end = text.Length;
        int index = _any is null ? -1 : text[from..].IndexOfAny(_any);
        if (index < 0)
        {
            return null;
        }

        start = from + index;
        AddedToken token = LongestAt(text[start..]);
        end = start + token.Content.Length;
        while (token.TakesSpaceBefore && start > from && char.IsWhiteSpace(text[start - 1]))
        {
            start--;
        }

        while (token.TakesSpaceAfter && end < text.Length && char.IsWhiteSpace(text[end]))
        {
            end++;
        }

        return token;
    }

    private AddedToken LongestAt(ReadOnlySpan<char> text)
    {
        foreach (int length in _lengths)
        {
            if (length <= text.Length && _byContent.TryGetValue(text[..length], out AddedToken? token))
            {
                return token;
            }
        }

        throw new InvalidOperationException("An added token was found that is not one.");
    }
}
