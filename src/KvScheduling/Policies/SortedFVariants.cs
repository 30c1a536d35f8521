namespace KvScheduling;

/// <summary>The ways of selecting batches as policies of their own.</summary>
internal static class SortedFVariants
{
    /// <summary>A few hundred megabytes at most.</summary>
    private const int MaxExactStates = 4_000_000;

    public static ISchedulingPolicy Exact(PolicyContext context)
    {
        long budget = context.KvBudgetTokens;
        int block = context.Engine.BlockTokens;
        return new SortedFReferencePolicy(SchedulingPolicies.SortedFExact, (items, batch) =>
        {
            if (!SortedFBatch.TrySelectExact(items, budget, block, MaxExactStates, batch))
            {
                SortedFBatch.SelectGreedy(items, budget, block, batch);
            }
        });
    }

    public static ISchedulingPolicy Greedy(PolicyContext context)
    {
        long budget = context.KvBudgetTokens;
        int block = context.Engine.BlockTokens;
        return new SortedFReferencePolicy(SchedulingPolicies.SortedFGreedy, (items, batch) => SortedFBatch.SelectGreedy(items, budget, block, batch));
    }

    public static ISchedulingPolicy Quantile(PolicyContext context)
    {
        long budget = context.KvBudgetTokens;
        int block = context.Engine.BlockTokens;
        return new SortedFReferencePolicy(SchedulingPolicies.SortedFQuantile, (items, batch) => SortedFQuantileSelection.Select(items, budget, block, batch));
    }

    public static ISchedulingPolicy Swap(PolicyContext context)
    {
        var selection = new SortedFSwapSelection(context.KvBudgetTokens, context.Engine.BlockTokens);
        return new SortedFReferencePolicy(SchedulingPolicies.SortedFSwap, selection.Select);
    }
}
