using FsCheck;
using FsCheck.Fluent;

namespace KvScheduling.Simulation.Tests;

public sealed class TimeDistributionTests
{
    [Fact]
    public void Quantile_FewTimes_IsTheNearestRank()
    {
        var times = new TimeDistribution();
        foreach (int seconds in (int[])[4, 1, 3, 2])
        {
            times.Add(TimeSpan.FromSeconds(seconds));
        }

        Assert.Equal([1, 2, 3, 4, 4], ((double[])[0, 0.5, 0.51, 0.99, 1]).Select(share => times.Quantile(share).TotalSeconds));
        Assert.Equal(2.5, times.Mean.TotalSeconds);
        Assert.Equal(4, times.Max.TotalSeconds);
        Assert.Equal(TimeSpan.Zero, new TimeDistribution().Quantile(0.5));
    }

    [Fact]
    public void Quantile_ManyTimes_IsWithinATenthOfAPercent()
    {
        Prop.ForAll(ArbMap.Default.ArbFor<int>(), static seed =>
        {
            var random = new Random(seed);
            var times = new TimeDistribution();
            long[] ticks = [.. Enumerable.Range(0, 70_000).Select(_ => (long)Math.Exp(random.NextDouble() * 40))];
            foreach (long each in ticks)
            {
                times.Add(new TimeSpan(each));
            }

            Array.Sort(ticks);
            foreach (double share in (double[])[0, 0.001, 0.5, 0.9, 0.99, 1])
            {
                long exact = ticks[Math.Clamp((int)Math.Ceiling(share * ticks.Length), 1, ticks.Length) - 1];
                Assert.InRange(times.Quantile(share).Ticks, exact * 0.999, exact * 1.001);
            }

            Assert.Equal(ticks[^1], times.Max.Ticks);
            Assert.Equal(ticks.Average(static each => (double)each), times.Mean.Ticks, 1e-9 * times.Mean.Ticks);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(5));
    }

    [Fact]
    public void Extend_LongRun_KeepsMeanAndMaximumInBoundedIntervals()
    {
        var series = new TimeSeries();
        for (int second = 1; second <= 5000; second++)
        {
            series.Extend(second % 10, TimeSpan.FromSeconds(second));
        }

        Assert.Equal(4.5, series.Mean, 1e-9);
        Assert.Equal(9, series.Max);
        Assert.InRange(series.Count, 512, 1024);
        double area = Enumerable.Range(0, series.Count)
            .Sum(i => series.MeanAt(i) * (Math.Min((i + 1) * series.Interval.Ticks, series.Duration.Ticks) - (i * series.Interval.Ticks)));
        Assert.Equal(4.5, area / series.Duration.Ticks, 1e-9);
    }
}
