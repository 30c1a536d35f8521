using System.Runtime.InteropServices;

namespace KvScheduling;

/// <summary>The dynamic programme of Sorted-F: with requests in descending order of output, the memory at an output length is that of everybody chosen so
/// far.</summary>
/// <remarks>
/// A state (k, S, O) is k requests chosen, S = Σ prompt and O = Σ output. For each k only states are kept that no other beats in both S and O; of equal ones
/// the lexicographically smallest set.
/// Adding a request of output o is feasible iff S + s + (k + 1)·o is within the budget. Pseudo-polynomial: O(n · k · budget) at most, far less with dominated
/// states gone.
/// </remarks>
internal sealed class SortedFExactSelection(long budgetTokens, int blockTokens, int maxStates)
{
    private readonly List<List<State>> _layers = [];
    private readonly List<(BatchItem Item, int Index)> _order = [];
    private List<State> _merged = [];
    private int _states;

    /// <summary>Finds the best batch of requests given in the order of arrival.</summary>
    /// <returns>False when there is none, or more states were needed than allowed.</returns>
    public bool TryRun(ReadOnlySpan<BatchItem> items, out RequestSet best)
    {
        best = default;
        _order.Clear();
        for (int i = 0; i < items.Length; i++)
        {
            _order.Add((items[i], i));
        }

        _order.Sort(static (a, b) => a.Item.Output != b.Item.Output ? b.Item.Output.CompareTo(a.Item.Output)
            : a.Item.Prompt != b.Item.Prompt ? a.Item.Prompt.CompareTo(b.Item.Prompt)
            : a.Index.CompareTo(b.Index));
        foreach (List<State> layer in _layers)
        {
            layer.Clear();
        }

        LayerOf(0).Add(default);
        _states = 1;
        foreach ((BatchItem item, int index) in _order)
        {
            Add(item, index);
            if (_states > maxStates)
            {
                return false;
            }
        }

        return TryPick(out best);
    }

    private void Add(BatchItem item, int index)
    {
        // A request alone is rounded exactly; in company every last block counts as full.
        long prompt = item.Prompt + blockTokens - 1;
        bool fitsAlone = (((long)item.Prompt + item.Output + blockTokens - 1) / blockTokens * blockTokens) <= budgetTokens;
        for (int k = _layers.Count - 1; k >= 0; k--)
        {
            if (_layers[k].Count > 0)
            {
                Extend(k, prompt, item.Output, index, fitsAlone);
            }
        }
    }

    private void Extend(int k, long prompt, int output, int index, bool fitsAlone)
    {
        List<State> target = LayerOf(k + 1);
        ReadOnlySpan<State> from = CollectionsMarshal.AsSpan(_layers[k]);
        int feasible = 0;
        while (feasible < from.Length && (from[feasible].Prompts + prompt + ((k + 1L) * output) <= budgetTokens || (k == 0 && fitsAlone)))
        {
            feasible++;
        }

        if (feasible == 0)
        {
            return;
        }

        _merged.Clear();
        int old = 0;
        int added = 0;
        ReadOnlySpan<State> existing = CollectionsMarshal.AsSpan(target);
        while (old < existing.Length || added < feasible)
        {
            State grown = added < feasible
                ? new State(from[added].Prompts + prompt, from[added].Outputs + output, from[added].Set.With(index))
                : default;
            if (added == feasible || (old < existing.Length && existing[old].IsBefore(grown)))
            {
                Keep(existing[old++]);
            }
            else
            {
                Keep(grown);
                added++;
            }
        }

        _states += _merged.Count - target.Count;
        (_merged, _layers[k + 1]) = (target, _merged);
    }

    /// <summary>States come in ascending order of Σ prompt: one is kept iff its Σ output is below all before.</summary>
    private void Keep(in State state)
    {
        if (_merged.Count == 0 || state.Outputs < _merged[^1].Outputs)
        {
            _merged.Add(state);
        }
    }

    private bool TryPick(out RequestSet best)
    {
        best = default;
        BatchScore bestScore = default;
        long bestPrompts = 0;
        for (int k = 1; k < _layers.Count; k++)
        {
            foreach (State state in _layers[k])
            {
                var score = new BatchScore(state.Outputs, k);
                if (score.IsBetterThan(bestScore) || (score == bestScore && state.Prompts < bestPrompts))
                {
                    bestScore = score;
                    bestPrompts = state.Prompts;
                    best = state.Set;
                }
            }
        }

        return bestScore.Count > 0;
    }

    private List<State> LayerOf(int k)
    {
        while (_layers.Count <= k)
        {
            _layers.Add([]);
        }

        return _layers[k];
    }

    private readonly record struct State(long Prompts, long Outputs, RequestSet Set)
    {
        /// <summary>Less Σ prompt, then less Σ output, then the lexicographically smaller set.</summary>
        public bool IsBefore(in State other) =>
            Prompts != other.Prompts ? Prompts < other.Prompts
            : Outputs != other.Outputs ? Outputs < other.Outputs
            : Set.IsLexicographicallySmaller(other.Set);
    }
}
