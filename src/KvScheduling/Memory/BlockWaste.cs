namespace KvScheduling;

/// <summary>The unused rest of last blocks, summed over residents, for several steps of one pass over them.</summary>
/// <remarks>
/// Few residents are summed one by one. Many are sorted into residue classes, each resident once per pass, after which a step costs as much as a block has
/// tokens,
/// however many residents there are.
/// </remarks>
internal sealed class BlockWaste(BlockRounding rounding)
{
    private readonly int[] _classes = new int[rounding.BlockTokens];
    private int _classified = int.MaxValue;

    /// <summary>A new pass begins: nothing is known of the residents.</summary>
    public void Begin() => _classified = int.MaxValue;

    /// <summary>The waste at a step of the residents from one index on.</summary>
    /// <param name="bases">What each resident holds less the step it holds it at.</param>
    /// <param name="first">The first resident that counts; it may only fall within a pass.</param>
    /// <param name="t">The step.</param>
    public long Sum(ReadOnlySpan<long> bases, int first, long t)
    {
        int block = rounding.BlockTokens;
        if (block == 1)
        {
            return 0;
        }

        long waste = 0;
        if (bases.Length - first <= block)
        {
            foreach (long held in bases[first..])
            {
                waste += rounding.Waste(held + t);
            }

            return waste;
        }

        if (_classified > bases.Length)
        {
            Array.Clear(_classes);
            _classified = bases.Length;
        }

        while (_classified > first)
        {
            _classes[rounding.Waste(bases[--_classified])]++;
        }

        // With w = waste at step 0, the waste at step t is (w - t) mod block.
        int turn = (int)(t % block);
        for (int w = 0; w < _classes.Length; w++)
        {
            int now = w - turn;
            waste += (long)_classes[w] * (now < 0 ? now + block : now);
        }

        return waste;
    }
}
