namespace KvScheduling.Tests;

public sealed class SortedFBatchTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void TrySelectExact_RandomInstances_EqualsBruteForceWithAllTies(int seed)
    {
        var random = new Random(seed);
        for (int instance = 0; instance < 500; instance++)
        {
            long kv = 8 + random.Next(24);
            BatchItem[] items = RandomItems(random, 1 + random.Next(8), kv, wide: instance % 2 == 0);
            List<BatchItem> batch = [];
            Assert.True(SortedFBatch.TrySelectExact(items, kv, 1, 100_000, batch));
            Assert.Equal(BruteForce(items, kv), batch);
        }
    }

    [Fact]
    public void TrySelectExact_BlocksOfSeveralTokens_NeverOverbooks()
    {
        var random = new Random(5);
        for (int instance = 0; instance < 500; instance++)
        {
            int block = 2 + random.Next(15);
            long kv = block * (4 + random.Next(20));
            BatchItem[] items = RandomItems(random, 1 + random.Next(12), kv, wide: instance % 2 == 0);
            List<BatchItem> batch = [];
            Assert.True(SortedFBatch.TrySelectExact(items, kv, block, 100_000, batch));
            Assert.True(FitsByScan(batch, kv, block));
        }
    }

    [Fact]
    public void TrySelectExact_MoreStatesThanAllowed_SaysSo()
    {
        BatchItem[] items = RandomItems(new Random(6), 60, 4_000, wide: true);
        List<BatchItem> batch = [];
        Assert.False(SortedFBatch.TrySelectExact(items, 4_000, 1, 50, batch));
        Assert.Empty(batch);
        Assert.True(SortedFBatch.TrySelectExact(items, 4_000, 1, 10_000_000, batch));
    }

    [Theory]
    [InlineData(7)]
    [InlineData(8)]
    public void Fits_RandomBatches_EqualsAScanOfEveryRound(int seed)
    {
        var random = new Random(seed);
        int both = 0;
        for (int instance = 0; instance < 1_000; instance++)
        {
            int block = new[] { 1, 4, 16 }[random.Next(3)];
            long kv = block * (2 + random.Next(12));
            BatchItem[] items = RandomItems(random, 1 + random.Next(5), kv, wide: false);
            bool expected = FitsByScan(items, kv, block);
            Assert.Equal(expected, SortedFBatch.Fits(items, kv, block));
            both |= expected ? 1 : 2;
        }

        Assert.Equal(3, both);
    }

    [Fact]
    public void SelectGreedy_RandomInstances_FitsAndIsCloseToExact()
    {
        var random = new Random(9);
        double sum = 0;
        const int Instances = 300;
        for (int instance = 0; instance < Instances; instance++)
        {
            BatchItem[] items = RandomItems(random, 40, 400, wide: instance % 2 == 0);
            List<BatchItem> greedy = [];
            List<BatchItem> exact = [];
            SortedFBatch.SelectGreedy(items, 400, 1, greedy);
            Assert.True(SortedFBatch.TrySelectExact(items, 400, 1, 10_000_000, exact));
            Assert.True(FitsByScan(greedy, 400, 1));
            double ratio = F(greedy) / F(exact);
            Assert.True(ratio > 0.999999);
            sum += ratio;
        }

        Assert.InRange(sum / Instances, 1, 1.1);
    }

    [Fact]
    public void SelectGreedy_EqualScans_TakesTheEarlierKey()
    {
        // Alone each has F = 2 and they do not fit together: by output (and then prompt) the shorter prompt comes first; by arrival it would not.
        List<BatchItem> batch = [];
        SortedFBatch.SelectGreedy([new BatchItem(6, 2, 0), new BatchItem(5, 2, 1)], 10, 1, batch);
        Assert.Equal(new BatchItem(5, 2, 1), Assert.Single(batch));
    }

    [Fact]
    public void SelectExact_EqualF_TakesMoreThenLessPromptThenEarlierArrivals()
    {
        // One of output 1 (F = 1) against two of outputs 2 (F = 4/4): the larger batch.
        Assert.Equal([1, 2], Exact(12, (11, 1), (1, 2), (1, 2)));

        // Two that do not fit together and have the same F: the shorter prompt.
        Assert.Equal([1], Exact(10, (7, 2), (6, 2)));

        // Identical: the first ones.
        Assert.Equal([0, 1], Exact(12, (4, 2), (4, 2), (4, 2)));
    }

    [Theory]
    [InlineData(1, 3)]
    [InlineData(4, 10)]
    [InlineData(7, 91)]
    public void BatchScore_AddingARequest_FollowsTheMarginalRule(int count, int outputs)
    {
        // F falls by adding output o to a batch of size b and mean output m iff o < m (2 + 1/b).
        for (int output = 1; output < 60; output++)
        {
            bool falls = new BatchScore(outputs + output, count + 1).CompareTo(new BatchScore(outputs, count)) < 0;
            Assert.Equal((long)output * count * count < (long)outputs * ((2 * count) + 1), falls);
        }
    }

    [Fact]
    public void BatchScore_HugeNumbers_CompareExactly()
    {
        var a = new BatchScore(long.MaxValue / 2, int.MaxValue);
        var b = new BatchScore((long.MaxValue / 2) + 1, int.MaxValue);
        Assert.True(a.CompareTo(b) < 0);
        Assert.True(b.CompareTo(a) > 0);
        Assert.True(a.IsBetterThan(default));
    }

    private static int[] Exact(long kv, params (int Prompt, int Output)[] sizes)
    {
        List<BatchItem> batch = [];
        BatchItem[] items = sizes.Select((size, i) => new BatchItem(size.Prompt, size.Output, i)).ToArray();
        Assert.True(SortedFBatch.TrySelectExact(items, kv, 1, 1000, batch));
        Assert.Equal(BruteForce(items, kv), batch);
        return batch.Select(item => (int)item.Arrival).Order().ToArray();
    }

    private static double F(List<BatchItem> batch) => batch.Sum(item => (double)item.Output) / batch.Count / batch.Count;

    private static BatchItem[] RandomItems(Random random, int count, long kv, bool wide)
    {
        var items = new BatchItem[count];
        for (int i = 0; i < count; i++)
        {
            int output = 1 + random.Next(wide && i % 3 == 0 ? 3 : (int)Math.Min(8, kv / 2));
            int prompt = 1 + random.Next((int)Math.Max(1, wide && i % 3 == 0 ? kv - output : Math.Min(6, kv - output)));
            items[i] = new BatchItem(prompt, output, i);
        }

        return items;
    }

    private static bool FitsByScan(IReadOnlyList<BatchItem> batch, long kv, int block) =>
        Enumerable.Range(1, 64).All(t => batch.Where(item => item.Output >= t).Sum(item => (item.Prompt + t + block - 1) / block) <= kv / block);

    private static List<BatchItem> BruteForce(BatchItem[] items, long kv)
    {
        List<BatchItem>? best = null;
        for (int mask = 1; mask < 1 << items.Length; mask++)
        {
            List<BatchItem> batch = items.Where((_, i) => (mask & (1 << i)) != 0).ToList();
            if (FitsByScan(batch, kv, 1) && (best is null || IsBetter(batch, best)))
            {
                best = batch;
            }
        }

        best!.Sort(BatchItem.CompareInBatch);
        return best;
    }

    private static bool IsBetter(List<BatchItem> batch, List<BatchItem> best)
    {
        long left = batch.Sum(item => (long)item.Output) * best.Count * best.Count;
        long right = best.Sum(item => (long)item.Output) * batch.Count * batch.Count;
        if (left != right)
        {
            return left < right;
        }

        if (batch.Count != best.Count)
        {
            return batch.Count > best.Count;
        }

        int prompts = batch.Sum(item => item.Prompt) - best.Sum(item => item.Prompt);
        if (prompts != 0)
        {
            return prompts < 0;
        }

        IEnumerable<(long Mine, long Best)> arrivals = batch.Select(item => item.Arrival).Order().Zip(best.Select(item => item.Arrival).Order());
        (long mine, long other) = arrivals.First(pair => pair.Mine != pair.Best);
        return mine < other;
    }
}
