namespace KvScheduling;

/// <summary>Quantile greedy: the greedy scans by output and by peak, over all requests and over those with the smallest peaks only.</summary>
/// <remarks>Large requests that a scan takes early keep many small ones out; leaving out the largest quarter, half and so on tries what happens without
/// them.</remarks>
internal static class SortedFQuantileSelection
{
    private static readonly double[] Shares = [0.25, 0.5, 0.75, 0.9, 1];

    /// <summary>Selects the batch of least F over all shares and both scans; ties: more requests, then the scan by output, then the smaller share.</summary>
    public static void Select(ReadOnlySpan<BatchItem> items, long budgetTokens, int blockTokens, List<BatchItem> batch)
    {
        batch.Clear();
        if (items.IsEmpty)
        {
            return;
        }

        var scan = new SortedFGreedyScan<BatchItem>(budgetTokens / blockTokens, blockTokens);
        scan.Begin();
        BatchItem[] byOutput = items.ToArray();
        Array.Sort(byOutput, BatchItem.CompareInBatch);
        BatchItem[] byPeak = items.ToArray();
        Array.Sort(byPeak, SortedFBatch.CompareByPeak);
        foreach (BatchItem[] order in (BatchItem[][])[byOutput, byPeak])
        {
            foreach (double share in Shares)
            {
                BatchItem last = byPeak[Math.Max(1, (int)Math.Ceiling(share * byPeak.Length)) - 1];
                long largest = RequestSize.Peak(last.Prompt, last.Output);
                scan.BeginScan();
                foreach (BatchItem item in order)
                {
                    if (RequestSize.Peak(item.Prompt, item.Output) <= largest)
                    {
                        scan.Offer(item.Prompt, item.Output, item);
                    }
                }

                scan.EndScan();
            }
        }

        batch.AddRange(scan.Best);
        batch.Sort(BatchItem.CompareInBatch);
    }
}
