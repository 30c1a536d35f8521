namespace KvScheduling;

/// <summary>Local swap: the greedy batch, improved by the best addition, removal or exchange of one request for another while F falls.</summary>
/// <remarks>A pass ranks every move by the F that it leads to and takes the first that fits; at most <see cref="MaxPasses"/> passes.</remarks>
internal sealed class SortedFSwapSelection(long budgetTokens, int blockTokens)
{
    private const int MaxPasses = 50;
    private const int None = -1;

    private readonly KvProfile _profile = new(budgetTokens / blockTokens, new BlockRounding(blockTokens));
    private readonly List<BatchItem> _outside = [];
    private readonly List<Move> _moves = [];

    public void Select(ReadOnlySpan<BatchItem> items, List<BatchItem> batch)
    {
        SortedFBatch.SelectGreedy(items, budgetTokens, blockTokens, batch);
        var inside = new HashSet<long>(batch.Count);
        long outputs = 0;
        foreach (BatchItem item in batch)
        {
            inside.Add(item.Arrival);
            outputs += item.Output;
        }

        _outside.Clear();
        foreach (BatchItem item in items)
        {
            if (!inside.Contains(item.Arrival))
            {
                _outside.Add(item);
            }
        }

        for (int pass = 0; pass < MaxPasses && TryImprove(batch, ref outputs); pass++)
        {
        }

        batch.Sort(BatchItem.CompareInBatch);
    }

    private bool TryImprove(List<BatchItem> batch, ref long outputs)
    {
        RankMoves(batch, outputs);
        foreach (Move move in _moves)
        {
            if (Fits(batch, move))
            {
                outputs = move.Score.Outputs;
                Apply(batch, move);
                return true;
            }
        }

        return false;
    }

    /// <summary>All moves that lower F, best first; ties: more requests, then less Σ prompt, then the earlier arrivals.</summary>
    private void RankMoves(List<BatchItem> batch, long outputs)
    {
        _moves.Clear();
        var present = new BatchScore(outputs, batch.Count);
        for (int leaves = None; leaves < batch.Count; leaves++)
        {
            int leaving = leaves == None ? 0 : batch[leaves].Output;
            int leavingPrompt = leaves == None ? 0 : batch[leaves].Prompt;
            for (int joins = None; joins < _outside.Count; joins++)
            {
                int count = batch.Count - (leaves == None ? 0 : 1) + (joins == None ? 0 : 1);
                int joining = joins == None ? 0 : _outside[joins].Output;
                var score = new BatchScore(outputs - leaving + joining, count);
                if (count > 0 && score.CompareTo(present) < 0)
                {
                    _moves.Add(new Move(score, (joins == None ? 0 : _outside[joins].Prompt) - leavingPrompt, leaves, joins));
                }
            }
        }

        _moves.Sort(static (a, b) =>
        {
            int order = a.Score.CompareTo(b.Score);
            return order != 0 ? order
                : a.Score.Count != b.Score.Count ? b.Score.Count.CompareTo(a.Score.Count)
                : a.Prompts != b.Prompts ? a.Prompts.CompareTo(b.Prompts)
                : a.Leaves != b.Leaves ? a.Leaves.CompareTo(b.Leaves)
                : a.Joins.CompareTo(b.Joins);
        });
    }

    private bool Fits(List<BatchItem> batch, in Move move)
    {
        if (move.Joins == None)
        {
            return true;
        }

        _profile.Clear();
        for (int i = 0; i < batch.Count; i++)
        {
            if (i != move.Leaves)
            {
                _profile.Insert(0, batch[i].Prompt, batch[i].Output, sharing: false);
            }
        }

        _profile.Insert(0, _outside[move.Joins].Prompt, _outside[move.Joins].Output, sharing: false);
        return _profile.IsFeasible();
    }

    private void Apply(List<BatchItem> batch, in Move move)
    {
        BatchItem? joins = move.Joins == None ? null : _outside[move.Joins];
        if (joins is not null)
        {
            _outside.RemoveAt(move.Joins);
        }

        if (move.Leaves != None)
        {
            _outside.Add(batch[move.Leaves]);
            batch.RemoveAt(move.Leaves);
        }

        if (joins is { } item)
        {
            batch.Add(item);
        }
    }

    private readonly record struct Move(BatchScore Score, int Prompts, int Leaves, int Joins);
}
