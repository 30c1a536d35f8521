namespace KvScheduling.Tests;

public sealed class DeadlineTests
{
    [Fact]
    public void Plan_DeadlineThatCannotBeMetAnyMore_IsRefusedWhileItWaits()
    {
        SchedulerHarness harness = Busy();
        TestRequest late = harness.Add(5, 10, hints: new SchedulingHints { Deadline = TimeSpan.FromSeconds(15) });
        while (late.State == RequestState.Queued && harness.Round < 60)
        {
            harness.Step();
        }

        // A step takes a second and 10 tokens take 10 steps: from second 1 + 15 - 10 on it is of no use.
        Assert.Equal(RequestState.Rejected, late.State);
        Assert.Equal(7, (int)late.EndedAt.TotalSeconds);
        Assert.Equal(SchedulingRejection.DeadlineUnreachable, late.Ending!.Value.Rejection);
        Assert.Contains("deadline", late.Ending!.Value.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(late, harness.Engine.Seen);
        Assert.Equal(1, harness.Core.Counters.Rejected);
    }

    [Fact]
    public void Plan_DeadlineThatCanBeMet_Starts()
    {
        SchedulerHarness harness = Busy(limit: 8);
        TestRequest request = harness.Add(5, 10, hints: new SchedulingHints { Deadline = TimeSpan.FromSeconds(18) });
        harness.Drain();
        Assert.Equal(RequestState.Completed, request.State);
    }

    [Fact]
    public void Plan_StepsGetSlower_RefusesEarlier()
    {
        SchedulerHarness harness = Busy();
        TestRequest request = harness.Add(5, 10, hints: new SchedulingHints { Deadline = TimeSpan.FromSeconds(100) });
        for (int i = 0; i < 30 && request.State == RequestState.Queued; i++)
        {
            harness.PlanOnly();
            harness.Now += TimeSpan.FromSeconds(9);
            harness.RunPlanned(null);
        }

        // At a second a step it would be refused after 91 seconds.
        Assert.Equal(RequestState.Rejected, request.State);
        Assert.InRange(request.EndedAt.TotalSeconds, 30, 75);
    }

    [Fact]
    public void NextWake_Deadline_IsTheMomentOfRefusal()
    {
        SchedulerHarness harness = Busy();
        harness.Add(5, 10, hints: new SchedulingHints { Deadline = TimeSpan.FromSeconds(15) });
        Assert.Equal(TimeSpan.FromSeconds(6) + TimeSpan.FromTicks(1), harness.Core.NextWake);
        harness.Core.Cancel(harness.Added[^1], harness.Now);
        Assert.Null(harness.Core.NextWake);
    }

    [Fact]
    public void Plan_EvictedRequestPastItsDeadline_IsNotCutOff()
    {
        var harness = new SchedulerHarness(SchedulerHarness.UnitRounds(20), SchedulerHarness.PureOptions(KvReservation.Predicted));
        var hints = new SchedulingHints { ExpectedOutputTokens = 3 };
        harness.Add(5, 15, hints: hints);
        TestRequest evicted = harness.Add(5, 15, hints: hints with { Deadline = TimeSpan.FromSeconds(12) });
        harness.Drain();
        Assert.Equal(1, evicted.Evictions);
        Assert.Equal(RequestState.Completed, evicted.State);
    }

    [Fact]
    public void Plan_ManyWaitingWithDeadlines_RefusesInOrderOfExpiryWithoutLookingAtAll()
    {
        SchedulerHarness harness = Busy(limit: 200);
        harness.CheckAlways = false;
        var random = new Random(1);
        for (int i = 0; i < 500; i++)
        {
            harness.Add(5, 1, hints: new SchedulingHints { Deadline = TimeSpan.FromSeconds(1 + random.Next(150)) });
        }

        harness.Drain();
        Assert.All(harness.Added.Skip(1), request =>
            Assert.InRange((request.EndedAt - request.ArrivalTime - request.Deadline!.Value).TotalSeconds, -1, 1));
        Assert.Equal(500, harness.Core.Counters.Rejected);
    }

    /// <summary>One slot, taken, after one step of a second.</summary>
    private static SchedulerHarness Busy(int limit = 50)
    {
        KvSchedulingOptions options = SchedulerHarness.PureOptions();
        options.MaxRunningRequests = 1;
        var harness = new SchedulerHarness(SchedulerHarness.UnitRounds(1000), options);
        harness.Add(5, limit);
        harness.Step();
        return harness;
    }
}
