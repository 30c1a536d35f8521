namespace KvScheduling;

/// <summary>Types of requests learned from those that completed: bins of prompt and output length with about equal numbers, rare ones merged with a neighbour.</summary>
internal sealed class RequestTypes
{
    private const int History = 1024;
    private const double RareShare = 0.01;
    private readonly int _promptBins;
    private readonly int[] _prompts = new int[History];
    private readonly int[] _outputs = new int[History];
    private readonly int[] _sorted = new int[History];
    private readonly int[] _promptCuts;
    private readonly int[] _outputCuts;
    private readonly int[] _typeOf;
    private readonly FluidWork[] _sums;
    private readonly int[] _counts;
    private int _next;

    public RequestTypes(int promptBins, int outputBins)
    {
        _promptBins = promptBins;
        _promptCuts = new int[promptBins - 1];
        _outputCuts = new int[outputBins - 1];
        _typeOf = new int[promptBins * outputBins];
        _sums = new FluidWork[_typeOf.Length];
        _counts = new int[_typeOf.Length];
    }

    public int Count { get; private set; }

    /// <summary>How many types there can be.</summary>
    public int Most => _typeOf.Length;

    public void Add(int promptTokens, int outputTokens)
    {
        _prompts[_next] = promptTokens;
        _outputs[_next] = outputTokens;
        _next = (_next + 1) % History;
        Count = Math.Min(Count + 1, History);
    }

    /// <summary>The type of a request, by the bins of the last <see cref="Refit"/>.</summary>
    public int TypeOf(int promptTokens, int outputTokens) => _typeOf[BinOf(promptTokens, outputTokens)];

    /// <summary>Cuts the bins anew.</summary>
    public void Refit()
    {
        Cut(_prompts, _promptCuts);
        Cut(_outputs, _outputCuts);
        Array.Clear(_counts);
        Array.Clear(_sums);
        for (int i = 0; i < Count; i++)
        {
            int bin = BinOf(_prompts[i], _outputs[i]);

            // The first output token comes with the prefill.
            var work = FluidWork.Of(Math.Max(_prompts[i], 1), Math.Max(_outputs[i] - 1, 0));
            FluidWork sum = _sums[bin];
            _sums[bin] = new FluidWork(sum.PrefillTokens + work.PrefillTokens, sum.DecodeTokens + work.DecodeTokens, sum.DecodeKvTokens + work.DecodeKvTokens);
            _counts[bin]++;
        }

        MergeRare();
    }

    /// <summary>The mean work of a type's requests; null where it has none.</summary>
    public FluidWork? WorkOf(int type) => _counts[type] == 0
        ? null
        : new FluidWork(_sums[type].PrefillTokens / _counts[type], _sums[type].DecodeTokens / _counts[type], _sums[type].DecodeKvTokens / _counts[type]);

    private static int Bin(int[] cuts, int length)
    {
        int bin = 0;
        while (bin < cuts.Length && length > cuts[bin])
        {
            bin++;
        }

        return bin;
    }

    private int BinOf(int promptTokens, int outputTokens) => (Bin(_outputCuts, outputTokens) * _promptBins) + Bin(_promptCuts, promptTokens);

    private void Cut(int[] lengths, int[] cuts)
    {
        lengths.AsSpan(0, Count).CopyTo(_sorted);
        _sorted.AsSpan(0, Count).Sort();
        for (int i = 0; i < cuts.Length; i++)
        {
            cuts[i] = _sorted[(int)((long)Count * (i + 1) / (cuts.Length + 1))];
        }
    }

    private void MergeRare()
    {
        int into = 0;
        for (int bin = 0; bin < _typeOf.Length; bin++)
        {
            into = _counts[bin] >= RareShare * Count || _counts[into] == 0 ? bin : into;
            _typeOf[bin] = into;
            if (into != bin)
            {
                _counts[into] += _counts[bin];
                FluidWork sum = _sums[into];
                FluidWork more = _sums[bin];
                _sums[into] = new FluidWork(sum.PrefillTokens + more.PrefillTokens, sum.DecodeTokens + more.DecodeTokens, sum.DecodeKvTokens + more.DecodeKvTokens);
                _counts[bin] = 0;
            }
        }
    }
}
