namespace KvScheduling;

/// <summary>F(X) = Σ output / |X|² of a batch, compared without rounding. Source: Sorted-F, arXiv 2508.06133.</summary>
/// <param name="Outputs">Σ output.</param>
/// <param name="Count">|X|; 0 for no batch, which is worse than any.</param>
internal readonly record struct BatchScore(long Outputs, int Count)
{
    /// <summary>Negative when this F is less than the other.</summary>
    public int CompareTo(in BatchScore other)
    {
        if (Count == 0 || other.Count == 0)
        {
            return other.Count.CompareTo(Count);
        }

        Int128 left = (Int128)Outputs * other.Count * other.Count;
        Int128 right = (Int128)other.Outputs * Count * Count;
        return left.CompareTo(right);
    }

    /// <summary>Less F, or as much with more requests.</summary>
    public bool IsBetterThan(in BatchScore other)
    {
        int difference = CompareTo(other);
        return difference < 0 || (difference == 0 && Count > other.Count);
    }
}
