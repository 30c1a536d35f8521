using FsCheck;
using FsCheck.Fluent;

namespace KvScheduling.Simulation.Tests;

/// <summary>What holds for every small backlog, whatever the policy.</summary>
public sealed class BacklogPropertyTests
{
    private static readonly string[] Names = [.. Backlog.Policies.Where(static name => name != Backlog.Optimal)];

    [Fact]
    public void Drain_AnySmallBacklog_StaysWithinBudgetAndBounds()
    {
        Prop.ForAll(ArbMap.Default.ArbFor<int>(), static seed =>
        {
            (WorkloadRequest[] requests, int kv) = SyntheticWorkload.DrawSmallBacklog(new Random(seed), 5);
            BacklogSchedule best = Backlog.Drain(Backlog.Optimal, requests, kv);
            Requests.AssertFeasible(requests, best.Starts, kv);
            Assert.Equal(Optimum.ByTryingAllStarts(requests, kv), best.TotalLatency);
            Assert.True(Math.Max(BacklogBounds.Volume(requests, kv), BacklogBounds.Trivial(requests)) <= best.TotalLatency);
            Assert.True(BacklogBounds.Linear(requests, kv) <= best.TotalLatency + 1e-6);
            foreach (string name in Names)
            {
                BacklogSchedule schedule = Backlog.Drain(name, requests, kv);
                Requests.AssertFeasible(requests, schedule.Starts, kv);
                Assert.True(schedule.TotalLatency >= best.TotalLatency, $"{name} beats the optimum.");
                Assert.InRange(schedule.PeakKvTokens, 1, kv);
            }
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Drain_SmallestVolumeFirst_StaysWithinItsGuarantee()
    {
        Prop.ForAll(ArbMap.Default.ArbFor<int>(), static seed =>
        {
            (WorkloadRequest[] requests, int kv) = SyntheticWorkload.DrawSmallBacklog(new Random(seed), 6);
            double alpha = requests.Max(static request => request.Peak) / (double)kv;
            long optimal = Backlog.Drain(Backlog.Optimal, requests, kv).TotalLatency;
            Assert.True(alpha >= 1 || Backlog.Drain(SchedulingPolicies.SmallestVolumeFirst, requests, kv).TotalLatency <= (1 + (2 / (1 - alpha))) * optimal);
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Drain_FourHundredSmallBacklogs_ComeAsCloseToTheOptimumAsPublished()
    {
        var random = new Random(8);
        var sums = new Dictionary<string, double>();
        const int Instances = 400;
        for (int instance = 0; instance < Instances; instance++)
        {
            (WorkloadRequest[] requests, int kv) = SyntheticWorkload.DrawSmallBacklog(random, 6);
            double optimal = Backlog.Drain(Backlog.Optimal, requests, kv).TotalLatency;
            foreach (string name in Names)
            {
                sums[name] = sums.GetValueOrDefault(name) + (Backlog.Drain(name, requests, kv).TotalLatency / optimal / Instances);
            }
        }

        Assert.InRange(sums[SchedulingPolicies.SortedFExact], 1, 1.07);
        Assert.InRange(sums[SchedulingPolicies.SortedFSwap], 1, 1.08);
        Assert.InRange(sums[SchedulingPolicies.SmallestVolumeFirst], 1, 1.13);
        Assert.InRange(sums[SchedulingPolicies.ShortestOutputFirst], 1.1, 1.2);
        Assert.InRange(sums[SchedulingPolicies.Fcfs], 1.3, 1.45);
        Assert.True(sums[SchedulingPolicies.SortedFExact] < sums[Backlog.SortedLinearRelaxation]);
    }
}
