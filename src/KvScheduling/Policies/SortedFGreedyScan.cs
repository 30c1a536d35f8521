namespace KvScheduling;

/// <summary>One greedy selection of Sorted-F: takes requests in several orders, each as far as it fits, and keeps the prefix of least F of any.</summary>
/// <typeparam name="T">What a request is to the caller.</typeparam>
internal sealed class SortedFGreedyScan<T>
{
    private readonly BlockRounding _rounding;
    private readonly KvProfile _profile;
    private readonly List<(T Item, int Prompt, int Output)> _accepted = [];
    private readonly List<T> _best = [];
    private BatchScore _bestScore;
    private BatchScore _scanScore;
    private long _outputs;
    private long _peakBlocks;
    private int _profiled;

    public SortedFGreedyScan(long budgetBlocks, int blockTokens)
    {
        _rounding = new BlockRounding(blockTokens);
        _profile = new KvProfile(budgetBlocks, _rounding);
    }

    /// <summary>The best batch so far, in the order it was accepted.</summary>
    public List<T> Best => _best;

    public void Begin()
    {
        _best.Clear();
        _bestScore = default;
    }

    public void BeginScan()
    {
        _profile.Clear();
        _accepted.Clear();
        _scanScore = default;
        _outputs = 0;
        _peakBlocks = 0;
        _profiled = 0;
    }

    /// <summary>Takes a request if it fits a joint start with those taken before it in this scan.</summary>
    public void Offer(int prompt, int output, T item)
    {
        // While the sum of the peaks fits, every joint start does, and nobody needs the profile.
        long peakBlocks = _peakBlocks + _rounding.Blocks((long)prompt + output);
        if (peakBlocks > _profile.BudgetBlocks && !FitsProfile(prompt, output))
        {
            return;
        }

        _peakBlocks = peakBlocks;
        _accepted.Add((item, prompt, output));
        _outputs += output;
        var score = new BatchScore(_outputs, _accepted.Count);
        if (score.IsBetterThan(_scanScore))
        {
            _scanScore = score;
        }
    }

    /// <summary>Keeps the scan's best prefix if no earlier scan was as good.</summary>
    public void EndScan()
    {
        if (_scanScore.IsBetterThan(_bestScore))
        {
            _bestScore = _scanScore;
            _best.Clear();
            for (int i = 0; i < _scanScore.Count; i++)
            {
                _best.Add(_accepted[i].Item);
            }
        }

        _accepted.Clear();
    }

    private bool FitsProfile(int prompt, int output)
    {
        for (; _profiled < _accepted.Count; _profiled++)
        {
            _profile.Insert(0, _accepted[_profiled].Prompt, _accepted[_profiled].Output, sharing: false);
        }

        return _profile.Fits(prompt, output, _profile.Clock);
    }
}
