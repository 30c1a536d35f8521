namespace KvScheduling;

/// <summary>A set of up to 256 requests, numbered in the order of arrival. Of two sets of equal size the lexicographically smaller one compares greater: it
/// has the earlier bit.</summary>
internal readonly record struct RequestSet(ulong First, ulong Second, ulong Third, ulong Fourth)
{
    public const int Capacity = 256;

    public bool Contains(int index) => (Word(index >> 6) & Bit(index)) != 0;

    public RequestSet With(int index) => (index >> 6) switch
    {
        0 => this with { First = First | Bit(index) },
        1 => this with { Second = Second | Bit(index) },
        2 => this with { Third = Third | Bit(index) },
        _ => this with { Fourth = Fourth | Bit(index) },
    };

    /// <summary>Whether this set, of the same size, comes first when both are written down in order.</summary>
    public bool IsLexicographicallySmaller(in RequestSet other) =>
        First != other.First ? First > other.First
        : Second != other.Second ? Second > other.Second
        : Third != other.Third ? Third > other.Third
        : Fourth > other.Fourth;

    private static ulong Bit(int index) => 1UL << (63 - (index & 63));

    private ulong Word(int word) => word switch { 0 => First, 1 => Second, 2 => Third, _ => Fourth };
}
