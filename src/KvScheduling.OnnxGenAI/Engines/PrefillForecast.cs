namespace KvScheduling.OnnxGenAI;

/// <summary>Tells how the native engine divides a step, which it does not report: running sequences take one token each, then prompts take the rest of the budget in the order in which their turns began, each leaving one token for every prompt behind it.</summary>
internal sealed class PrefillForecast(int maxStepTokens, int chunkTokens)
{
    private readonly List<PagedSequence> _order = [];
    private int _decoding;

    /// <summary>A turn began.</summary>
    public void Add(PagedSequence sequence) => _order.Add(sequence);

    /// <summary>A turn ended before it sampled.</summary>
    public void Remove(PagedSequence sequence) => _order.Remove(sequence);

    /// <summary>Notes how many sequences take one token each in the coming run.</summary>
    public void BeforeRun(int decoding) => _decoding = decoding;

    /// <summary>Books what the run computed for the prompts that are not done.</summary>
    public void AfterRun()
    {
        int budget = Math.Max(maxStepTokens - _decoding, 0);
        int kept = 0;
        for (int i = 0; i < _order.Count; i++)
        {
            PagedSequence sequence = _order[i];
            int behind = _order.Count - i - 1;
            int share = Math.Max(budget - behind, Math.Min(budget, 1));
            int chunk = Math.Min(Math.Min(sequence.PrefillLeft, chunkTokens), share);
            budget -= chunk;
            sequence.PrefillLeft -= chunk;
            sequence.Unreported += chunk;
            if (sequence.IsPrefilling)
            {
                _order[kept++] = sequence;
            }
        }

        _order.RemoveRange(kept, _order.Count - kept);
    }
}
