using FsCheck;
using FsCheck.Fluent;
using KvScheduling.Simulation;
using Backlog = KvScheduling.Simulation.Backlog;

namespace KvScheduling.Baselines.Tests;

/// <summary>A_max and A_min of arXiv 2508.14544 in unit rounds.</summary>
public sealed class IntervalPolicyTests
{
    [Fact]
    public void Drain_TwoRequests_AreScheduledAsWorkedOutByHand()
    {
        WorkloadRequest[] requests = [Of(2, 6, 2, 6), Of(2, 5, 3, 6)];

        // Both may take 6: the second starts when it fits even so, beside the last two rounds of the first.
        BacklogSchedule upper = Drain(IntervalPolicies.AMax, requests, 12);
        Assert.Equal([0, 4], upper.Starts);
        Assert.Equal((15, 12, 0), (upper.TotalLatency, upper.PeakKvTokens, upper.Evictions));

        // Both start; in round 5 they would hold 14. Both are estimated at 4 then, so the first goes, and finds room at once.
        BacklogSchedule lower = Drain(IntervalPolicies.AMin, requests, 12);
        Assert.Equal([4, 0], lower.Starts);
        Assert.Equal((15, 12, 1), (lower.TotalLatency, lower.PeakKvTokens, lower.Evictions));
    }

    [Fact]
    public void Drain_ExactIntervals_AreShortestOutputFirst()
    {
        var random = new Random(3);
        for (int run = 0; run < 50; run++)
        {
            (WorkloadRequest[] drawn, int kv) = SyntheticWorkload.DrawSmallBacklog(random, 12);
            WorkloadRequest[] requests = [.. drawn.Select(static request => request with { PredictedOutput = new OutputInterval(request.OutputTokens, request.OutputTokens) })];
            IReadOnlyList<int> starts = Backlog.Drain(SchedulingPolicies.ShortestOutputFirst, requests, kv).Starts;
            Assert.All(IntervalPolicies.Names, name => Assert.Equal(starts, Drain(name, requests, kv).Starts));
        }
    }

    [Fact]
    public void Drain_AnyBacklog_CompletesWithinTheBudgetAndTheUpperEndNeverEvicts()
    {
        Prop.ForAll(ArbMap.Default.ArbFor<int>(), static seed =>
        {
            var random = new Random(seed);
            int kv = 20 + random.Next(100);
            WorkloadRequest[] requests = [.. Enumerable.Range(0, 1 + random.Next(40)).Select(_ => Draw(random, kv))];
            BacklogSchedule upper = Drain(IntervalPolicies.AMax, requests, kv);
            BacklogSchedule lower = Drain(IntervalPolicies.AMin, requests, kv);
            Assert.Equal(0, upper.Evictions);
            foreach (BacklogSchedule schedule in (BacklogSchedule[])[upper, lower])
            {
                Assert.InRange(schedule.PeakKvTokens, requests.Min(static request => request.Peak), kv);
                Assert.True(schedule.TotalLatency >= Math.Max(BacklogBounds.Volume(requests, kv), BacklogBounds.Trivial(requests)));
                AssertWithinBudget(requests, schedule.Starts, kv);
            }
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Drain_SixtyBacklogsOfFortyRequests_ComeToThePublishedTotals()
    {
        var random = new Random(1);
        (double upper, double lower, double known, double evictions) = (0, 0, 0, 0);
        const int Runs = 60;
        for (int run = 0; run < Runs; run++)
        {
            WorkloadRequest[] requests = [.. Enumerable.Range(0, 40).Select(_ => Of(5, random.Next(2, 21), 2, 20))];
            BacklogSchedule aMin = Drain(IntervalPolicies.AMin, requests, 120);
            upper += Drain(IntervalPolicies.AMax, requests, 120).TotalLatency / (double)Runs;
            lower += aMin.TotalLatency / (double)Runs;
            evictions += aMin.Evictions / (double)Runs;
            known += Backlog.Drain(SchedulingPolicies.ShortestOutputFirst, requests, 120).TotalLatency / (double)Runs;
        }

        Assert.InRange(upper, 0.95 * 1741, 1.05 * 1741);
        Assert.InRange(lower, 0.95 * 1117, 1.05 * 1117);
        Assert.InRange(known, 0.95 * 871, 1.05 * 871);
        Assert.InRange(evictions, 0.9 * 26.7, 1.1 * 26.7);
    }

    [Fact]
    public void Drain_WrongIntervals_NameTheRowAndTheFix()
    {
        Assert.Contains("row 2 has none. Add the columns", Message([Of(2, 3, 2, 4), new WorkloadRequest(TimeSpan.Zero, 2, 3)]), StringComparison.Ordinal);
        Assert.Contains("Row 1 has 3 output tokens, which is not within its interval from 4 to 5", Message([Of(2, 3, 4, 5)]), StringComparison.Ordinal);
        Assert.Contains("Row 1 may need 22 KV tokens", Message([Of(2, 3, 1, 20)]), StringComparison.Ordinal);

        static string Message(WorkloadRequest[] requests) => Assert.Throws<WorkloadException>(() => Drain(IntervalPolicies.AMax, requests, 12)).Message;
    }

    private static BacklogSchedule Drain(string name, WorkloadRequest[] requests, long kvTokens) => Backlog.DrainByIntervals(name, IntervalPolicies.All[name], requests, kvTokens);

    private static WorkloadRequest Of(int prompt, int output, int least, int most) => new(TimeSpan.Zero, prompt, output) { PredictedOutput = new OutputInterval(least, most) };

    private static WorkloadRequest Draw(Random random, int kv)
    {
        int prompt = 1 + random.Next(kv / 4);
        int most = 1 + random.Next(kv / 2);
        int least = 1 + random.Next(most);
        return Of(prompt, random.Next(least, most + 1), least, most);
    }

    /// <summary>The runs that completed, round by round; lost runs come on top of them.</summary>
    private static void AssertWithinBudget(WorkloadRequest[] requests, IReadOnlyList<int> starts, int kv)
    {
        for (int round = 1; round <= requests.Zip(starts, static (request, start) => start + request.OutputTokens).Max(); round++)
        {
            Assert.InRange(requests.Zip(starts, (request, start) => start < round && round <= start + request.OutputTokens ? request.PromptTokens + round - start : 0).Sum(), 0, kv);
        }
    }
}
