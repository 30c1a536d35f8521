using FsCheck;
using FsCheck.Fluent;

namespace KvScheduling.Simulation.Tests;

/// <summary>The ways of selecting one batch of Sorted-F against each other.</summary>
public sealed class SortedFSelectionTests
{
    [Fact]
    public void Select_AnyRequests_ExactIsBestAndSwapNeverWorseThanGreedy()
    {
        Prop.ForAll(ArbMap.Default.ArbFor<int>(), static seed =>
        {
            var random = new Random(seed);
            int kv = random.Next(20, 80);
            int block = random.Next(1, 5);
            BatchItem[] items = [.. Enumerable.Range(0, random.Next(1, 13)).Select(i => new BatchItem(random.Next(1, kv / 2), random.Next(1, kv / 4), i))];
            List<BatchItem> exact = [];
            List<BatchItem> greedy = [];
            List<BatchItem> quantile = [];
            List<BatchItem> swap = [];
            SortedFBatch.TrySelectExact(items, kv, 1, int.MaxValue, exact);
            SortedFBatch.SelectGreedy(items, kv, 1, greedy);
            SortedFQuantileSelection.Select(items, kv, 1, quantile);
            new SortedFSwapSelection(kv, 1).Select(items, swap);
            Assert.All([exact, greedy, quantile, swap], batch => Assert.True(SortedFBatch.Fits(batch, kv, 1)));
            Assert.All([greedy, quantile, swap], batch => Assert.True(Score(exact).CompareTo(Score(batch)) <= 0));
            Assert.True(Score(swap).CompareTo(Score(greedy)) <= 0);
            Assert.All([quantile, swap], batch => Assert.Equal(batch.Distinct().Count(), batch.Count));

            SortedFQuantileSelection.Select(items, kv, block, quantile);
            new SortedFSwapSelection(kv, block).Select(items, swap);
            Assert.All([quantile, swap], batch => Assert.True(SortedFBatch.Fits(batch, kv, block)));
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Quantile_LargeShortRequest_IsLeftOutWhereThatLowersF()
    {
        // By output the wide request comes first and leaves room for one more only; without it all four thin ones fit.
        BatchItem[] items = [new(16, 1, 0), new(2, 2, 1), new(2, 2, 2), new(2, 2, 3), new(2, 2, 4)];
        List<BatchItem> batch = [];
        SortedFQuantileSelection.Select(items, 20, 1, batch);
        Assert.Equal([1, 2, 3, 4], batch.Select(static item => item.Arrival));
    }

    [Fact]
    public void Swap_BatchThatOneExchangeImproves_IsImproved()
    {
        List<BatchItem> greedy = [];
        List<BatchItem> swap = [];
        var random = new Random(5);
        int improved = 0;
        for (int instance = 0; instance < 200; instance++)
        {
            BatchItem[] items = [.. Enumerable.Range(0, 12).Select(i => new BatchItem(random.Next(2) == 0 ? random.Next(1, 6) : random.Next(20, 60), random.Next(1, 20), i))];
            SortedFBatch.SelectGreedy(items, 100, 1, greedy);
            new SortedFSwapSelection(100, 1).Select(items, swap);
            improved += Score(swap).CompareTo(Score(greedy)) < 0 ? 1 : 0;
        }

        Assert.InRange(improved, 5, 200);
    }

    [Fact]
    public void Peek_AfterArrivals_PlansAnewAndLosesNobody()
    {
        var random = new Random(3);
        WorkloadRequest[] requests =
            [.. Enumerable.Range(0, 60).Select(i => Requests.Of(random.Next(1, 40), random.Next(1, 20), i))];
        foreach (string name in (string[])[SchedulingPolicies.SortedFExact, SchedulingPolicies.SortedFGreedy, SchedulingPolicies.SortedFQuantile, SchedulingPolicies.SortedFSwap])
        {
            SimulationResult result = Simulator.Run(name, requests, new SimulationSettings { KvTokens = 60, KeepRequests = true, CheckInvariants = true });
            Assert.Equal(60, result.Completions);
        }
    }

    private static BatchScore Score(List<BatchItem> batch) => new(batch.Sum(static item => (long)item.Output), batch.Count);
}
