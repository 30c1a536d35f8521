namespace KvScheduling;

/// <summary>Selects one batch of Sorted-F: the requests that minimise F(X) = Σ output / |X|² among all that fit the KV budget when they start
/// together.</summary>
/// <remarks>
/// Source of F: arXiv 2508.06133. Ties: least F, then more requests, then smaller Σ prompt, then the lexicographically smallest set of arrivals.
/// The guarantee of the paper (at most 48 times optimal) is about the exact selection; the greedy one has no proof.
/// </remarks>
internal static class SortedFBatch
{
    /// <summary>F along the three scan orders of the greedy selection.</summary>
    private static readonly Comparison<BatchItem>[] ScanOrders =
    [
        static (a, b) => BatchItem.CompareInBatch(a, b),
        CompareByPeak,
        static (a, b) => Compare(RequestSize.Volume(a.Prompt, a.Output), RequestSize.Volume(b.Prompt, b.Output), a, b),
    ];

    /// <summary>Whether requests that start together stay within the budget: at each output length, everybody who is at least as long.</summary>
    public static bool Fits(IReadOnlyList<BatchItem> batch, long budgetTokens, int blockTokens)
    {
        var profile = new KvProfile(budgetTokens / blockTokens, new BlockRounding(blockTokens));
        foreach (BatchItem item in batch)
        {
            profile.Insert(0, item.Prompt, item.Output, sharing: false);
        }

        return profile.IsFeasible();
    }

    /// <summary>The exact selection, by dynamic programming over (requests chosen, Σ prompt) with the least Σ output.</summary>
    /// <param name="items">The requests, in the order of arrival; at most <see cref="RequestSet.Capacity"/>.</param>
    /// <param name="budgetTokens">The KV budget.</param>
    /// <param name="blockTokens">Tokens per block. With 1 the selection is exact; otherwise every request counts its last block as full, which never
    /// overbooks.</param>
    /// <param name="maxStates">How many states may be kept at once: what the selection may cost.</param>
    /// <param name="batch">Receives the batch, in order.</param>
    /// <returns>Whether a batch was found within the states allowed.</returns>
    public static bool TrySelectExact(ReadOnlySpan<BatchItem> items, long budgetTokens, int blockTokens, int maxStates, List<BatchItem> batch)
    {
        batch.Clear();
        if (items.Length > RequestSet.Capacity)
        {
            return false;
        }

        var selection = new SortedFExactSelection(budgetTokens - (budgetTokens % blockTokens), blockTokens, maxStates);
        if (!selection.TryRun(items, out RequestSet chosen))
        {
            return false;
        }

        for (int i = 0; i < items.Length; i++)
        {
            if (chosen.Contains(i))
            {
                batch.Add(items[i]);
            }
        }

        batch.Sort(BatchItem.CompareInBatch);
        return batch.Count > 0;
    }

    /// <summary>The greedy selection over all requests: three scans (by output, peak, volume), each taking what fits; the best prefix of the best
    /// scan.</summary>
    public static void SelectGreedy(ReadOnlySpan<BatchItem> items, long budgetTokens, int blockTokens, List<BatchItem> batch)
    {
        var scan = new SortedFGreedyScan<BatchItem>(budgetTokens / blockTokens, blockTokens);
        BatchItem[] sorted = items.ToArray();
        scan.Begin();
        foreach (Comparison<BatchItem> order in ScanOrders)
        {
            Array.Sort(sorted, order);
            scan.BeginScan();
            foreach (BatchItem item in sorted)
            {
                scan.Offer(item.Prompt, item.Output, item);
            }

            scan.EndScan();
        }

        batch.Clear();
        foreach (BatchItem item in scan.Best)
        {
            batch.Add(item);
        }

        batch.Sort(BatchItem.CompareInBatch);
    }

    /// <summary>By peak, then output, then arrival.</summary>
    public static int CompareByPeak(BatchItem a, BatchItem b) => Compare(RequestSize.Peak(a.Prompt, a.Output), RequestSize.Peak(b.Prompt, b.Output), a, b);

    private static int Compare(long a, long b, BatchItem first, BatchItem second) =>
        a != b ? a.CompareTo(b) : first.Output != second.Output ? first.Output.CompareTo(second.Output) : first.Arrival.CompareTo(second.Arrival);
}
