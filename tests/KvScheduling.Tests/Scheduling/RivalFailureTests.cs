namespace KvScheduling.Tests;

/// <summary>What went wrong in other schedulers, and does not here.</summary>
public sealed class RivalFailureTests
{
    [Fact]
    public void TightPool_OutputsLongerThanGuessed_RecomputesLittleWherePromptsTakeTime()
    {
        double free = RecomputedShare(secondsPerPromptToken: 0);
        double costly = RecomputedShare(secondsPerPromptToken: 0.1);
        Assert.InRange(costly, 0.0001, 0.15);
        Assert.True(free > 2 * costly, $"{free:0.000} where prompts take no time, {costly:0.000} where they do");

        static double RecomputedShare(double secondsPerPromptToken)
        {
            SchedulerHarness harness = TightPool(seed: 1, requests: 300, out _, kv: 1920);
            harness.SecondsPerPromptToken = secondsPerPromptToken;
            harness.Drain();
            SchedulerCounters counters = harness.Core.Counters;
            Assert.True(counters.Evictions > 0);
            return (double)counters.RecomputedTokens / (counters.PrefillTokens + counters.DecodeTokens);
        }
    }

    [Fact]
    public void TightPool_Evictions_NeverHitTheTopAndNeverTheSameTwiceWithoutProgress()
    {
        for (int seed = 1; seed <= 4; seed++)
        {
            SchedulerHarness harness = TightPool(seed, requests: 150, out int[] generatedAtEviction);
            int seen = 0;
            int evictions = 0;
            while (harness.Core.WaitingCount + harness.Core.RunningCount > 0)
            {
                harness.PlanOnly();
                TestRequest[] running = harness.Added.Where(request => request.State == RequestState.Running).ToArray();
                for (; seen < harness.Decisions.Count; seen++)
                {
                    (SchedulableRequest request, DecisionReason reason, _) = harness.Decisions[seen];
                    if (reason == DecisionReason.EvictedForKv)
                    {
                        evictions++;
                        Assert.Contains(running, other => EvictionPlanner.Rank(other, request) < 0);
                        int index = harness.Added.IndexOf((TestRequest)request);
                        Assert.True(request.GeneratedTokens > generatedAtEviction[index]);
                        generatedAtEviction[index] = request.GeneratedTokens;
                    }
                }

                harness.RunPlanned(null);
            }

            Assert.True(evictions > 5);
            Assert.All(harness.Added, request => Assert.Equal(RequestState.Completed, request.State));
        }
    }

    [Fact]
    public void FailedStep_NextRequest_Works()
    {
        var harness = new SchedulerHarness(SchedulerHarness.UnitRounds(100), SchedulerHarness.PureOptions());
        harness.Add(5, 5);
        harness.Add(5, 5);
        harness.PlanOnly();
        harness.RunPlanned(new InvalidOperationException("the engine threw"));
        TestRequest next = harness.Add(5, 5);
        harness.Drain();
        Assert.Equal(RequestState.Completed, next.State);
        Assert.All(harness.Added, request => Assert.Equal(RequestState.Completed, request.State));
    }

    [Fact]
    public void FourAtOnce_AgainstOneByOne_TakesFewerSteps()
    {
        var together = new SchedulerHarness(SchedulerHarness.UnitRounds(400), SchedulerHarness.PureOptions());
        KvSchedulingOptions single = SchedulerHarness.PureOptions();
        single.MaxRunningRequests = 1;
        var oneByOne = new SchedulerHarness(SchedulerHarness.UnitRounds(400), single);
        for (int i = 0; i < 4; i++)
        {
            together.Add(10, 20);
            oneByOne.Add(10, 20);
        }

        Assert.Equal(20, together.Drain());
        Assert.Equal(80, oneByOne.Drain());
    }

    [Theory]
    [InlineData(KvReservation.Predicted)]
    [InlineData(KvReservation.Guaranteed)]
    public void EngineOutOfCapacity_SeveralRunning_TouchesOneRequest(KvReservation reservation)
    {
        var harness = new SchedulerHarness(SchedulerHarness.UnitRounds(1000, 1, 8), SchedulerHarness.PureOptions(reservation));
        for (int i = 0; i < 4; i++)
        {
            harness.Add(new TestRequest(10 + i, 20, id: i));
        }

        harness.Step();
        harness.Step();
        harness.Engine.Trouble = request => request == harness.Added[1] ? SequenceStatus.OutOfCapacity : SequenceStatus.Ok;
        harness.Step();
        harness.Engine.Trouble = null;
        Assert.Equal(1, harness.CountOf(DecisionReason.EvictedByFault));
        Assert.Equal(0, harness.Added[0].Evictions);
        Assert.Equal(3, harness.Core.RunningCount);
        Assert.Equal(0, harness.CountOf(DecisionReason.Failed));

        // Nothing starts into an engine that has less than it said, until something has ended.
        harness.Step();
        Assert.Equal(3, harness.Core.RunningCount);
        Assert.Equal(DecisionReason.WaitsForKv, harness.Core.HeadWaitReason);
        harness.Drain();
        Assert.All(harness.Added, request => Assert.Equal(20, request.Tokens.Count));
    }

    [Fact]
    public void EngineOutOfCapacity_Alone_FailsAfterItsRetriesInsteadOfForEver()
    {
        var harness = new SchedulerHarness(SchedulerHarness.UnitRounds(1000, 1, 8), SchedulerHarness.PureOptions());
        TestRequest request = harness.Add(10, 20);
        harness.Engine.Trouble = _ => SequenceStatus.OutOfCapacity;
        harness.Drain(limit: 10);
        Assert.Equal(RequestState.Failed, request.State);
        Assert.IsType<EngineFaultException>(request.Ending!.Value.Error);
    }

    [Fact]
    public void SequenceFailed_InABatch_EndsThatOneOnly()
    {
        var harness = new SchedulerHarness(SchedulerHarness.UnitRounds(1000, 1, 8), SchedulerHarness.PureOptions());
        for (int i = 0; i < 3; i++)
        {
            harness.Add(10, 20);
        }

        harness.Step();
        harness.Engine.Trouble = request => request == harness.Added[1] ? SequenceStatus.Failed : SequenceStatus.Ok;
        harness.Step();
        harness.Engine.Trouble = null;
        harness.Drain();
        Assert.Equal([RequestState.Completed, RequestState.Failed, RequestState.Completed], harness.Added.Select(request => request.State));
    }

    [Theory]
    [InlineData(SchedulingPolicies.Fcfs)]
    [InlineData(SchedulingPolicies.ShortestOutputFirst)]
    [InlineData(SchedulingPolicies.SmallestPeakFirst)]
    [InlineData(SchedulingPolicies.SmallestVolumeFirst)]
    [InlineData(SchedulingPolicies.SortedF)]
    public void EqualRequests_AnyPolicy_StartInOrderOfArrival(string policy)
    {
        Backlog backlog = Backlog.Drain(policy, 40, Enumerable.Repeat((5, 4), 60));
        Assert.Equal(backlog.StartRounds.Order(), backlog.StartRounds);
        Assert.Equal(backlog.Requests, backlog.Harness.Decisions.Where(d => d.Reason == DecisionReason.StartedAsHead).Select(d => d.Request));
    }

    [Fact]
    public void Cancel_WhileWaiting_NeverReachesTheEngine()
    {
        KvSchedulingOptions options = SchedulerHarness.PureOptions();
        options.MaxRunningRequests = 1;
        var harness = new SchedulerHarness(SchedulerHarness.UnitRounds(100), options);
        harness.Add(5, 5);
        TestRequest cancelled = harness.Add(5, 5);
        harness.Step();
        harness.Core.Cancel(cancelled, harness.Now);
        harness.Core.Cancel(cancelled, harness.Now);
        harness.Drain();
        Assert.Equal((RequestState.Cancelled, 1), (cancelled.State, cancelled.Endings));
        Assert.DoesNotContain(cancelled, harness.Engine.Seen);
        Assert.Equal(1, harness.Core.Counters.Cancelled);
    }

    [Fact]
    public void Cancel_Running_FreesItsKvWithTheNextPlan()
    {
        var harness = new SchedulerHarness(SchedulerHarness.UnitRounds(30), SchedulerHarness.PureOptions());
        TestRequest running = harness.Add(10, 15);
        TestRequest waiting = harness.Add(10, 15);
        harness.Step();
        Assert.Equal(RequestState.Queued, waiting.State);
        harness.Core.Cancel(running, harness.Now);
        Assert.Equal(0, harness.Core.KvUsedTokens);
        harness.Step();
        Assert.Equal(RequestState.Running, waiting.State);
        Assert.Equal(1, harness.Engine.UsedSlots);
    }

    [Fact]
    public void Ledger_EvictedAndResumed_IsChargedAgain()
    {
        var harness = new SchedulerHarness(SchedulerHarness.UnitRounds(20), SchedulerHarness.PureOptions(KvReservation.Predicted));
        var hints = new SchedulingHints { ExpectedOutputTokens = 3 };
        harness.Add(5, 15, hints: hints);
        TestRequest evicted = harness.Add(5, 15, hints: hints);
        while (evicted.Evictions == 0)
        {
            harness.Step();
        }

        Assert.Equal(harness.Added[0].TokensToCompute, harness.Core.KvUsedTokens);
        while (evicted.State != RequestState.Running)
        {
            harness.Step();
        }

        Assert.Equal(evicted.TokensToCompute, harness.Core.KvUsedTokens);
        harness.Drain();
        Assert.Equal(0, harness.Core.KvUsedTokens);
    }

    [Fact]
    public void Policies_EveryPairOfOrders_DifferInSomeDecision()
    {
        var random = new Random(1);
        (int, int)[] sizes = Enumerable.Range(0, 60)
            .Select(i => i % 3 == 0 ? (20 + random.Next(60), 1 + random.Next(4)) : (1 + random.Next(8), 1 + random.Next(25))).ToArray();
        string[] starts = KvScheduling.Tests.Policies.Orders.Where(name => name != SchedulingPolicies.EarliestDeadline).Select(name => string.Join(',', Backlog.Drain(name, 100, sizes).StartRounds)).ToArray();
        Assert.Equal(starts.Length, starts.Distinct().Count());
    }

    [Fact]
    public void LowestTier_UnderTwiceTheHighTierLoadTheEngineCanServe_StartsWithinItsBound()
    {
        KvSchedulingOptions options = SchedulerHarness.PureOptions();
        options.MaxRunningRequests = 4;
        options.PromoteAfter = TimeSpan.FromSeconds(40);
        var harness = new SchedulerHarness(SchedulerHarness.UnitRounds(1000, 1, 8), options) { CheckAlways = false };
        List<TestRequest> low = [];
        for (int round = 0; round < 400; round++)
        {
            // Four slots of ten rounds each serve 0.4 requests a round; 0.8 of high priority arrive.
            if (round % 5 != 4)
            {
                harness.Add(5, 10, hints: new SchedulingHints { Priority = 9 });
            }

            if (round % 50 == 0)
            {
                low.Add(harness.Add(5, 10));
            }

            harness.Step();
        }

        // Whoever arrived before it may go first, at 0.4 a round; nobody who came later, but for those that started before it had waited 40 rounds.
        Assert.All(low.Skip(1).Take(3), request => Assert.InRange(
            request.FirstStart!.Value.TotalSeconds, request.ArrivalTime.TotalSeconds + 40, (request.ArrivalIndex / 0.4) + 60));

        options.PromoteAfter = null;
        var starving = new SchedulerHarness(SchedulerHarness.UnitRounds(1000, 1, 8), options) { CheckAlways = false };
        TestRequest starved = starving.Add(5, 10);
        starving.Core.Cancel(starved, starving.Now);
        for (int i = 0; i < 4; i++)
        {
            starving.Add(5, 10, hints: new SchedulingHints { Priority = 9 });
        }

        starved = starving.Add(5, 10);
        for (int round = 0; round < 400; round++)
        {
            starving.Add(5, 10, hints: new SchedulingHints { Priority = 9 });
            starving.Step();
        }

        Assert.Equal(RequestState.Queued, starved.State);
    }

    [Fact]
    public void Slots_ThousandsOfRequests_ReuseTheSameFewIds()
    {
        var harness = new SchedulerHarness(SchedulerHarness.UnitRounds(200, 1, 3), SchedulerHarness.PureOptions());
        HashSet<int> ids = [];
        for (int i = 0; i < 3_000; i++)
        {
            harness.Add(2, 1 + (i % 3));
        }

        while (harness.Core.WaitingCount > 0)
        {
            harness.PlanOnly();
            ids.UnionWith(harness.Plan.Starts.Select(start => start.Request.Slot));
            harness.RunPlanned(null);
        }

        Assert.Equal([0, 1, 2], ids.Order());
        harness.Drain();
        harness.Step();
        Assert.Equal(0, harness.Engine.UsedSlots);
    }

    /// <summary>A pool for a few requests, whose outputs have a long tail that the history's median does not tell.</summary>
    private static SchedulerHarness TightPool(int seed, int requests, out int[] generatedAtEviction, int kv = 960)
    {
        KvSchedulingOptions options = SchedulerHarness.PureOptions(KvReservation.Predicted);
        options.Backfill = true;
        options.PrefillChunkTokens = 64;
        options.MaxStepTokens = 128;
        options.MaxPartialPrefills = 2;
        options.LengthEstimation = new LengthEstimationOptions { MinSamples = 10 };
        var harness = new SchedulerHarness(SchedulerHarness.UnitRounds(kv, 16, 32), options);
        var random = new Random(seed);
        for (int i = 0; i < requests; i++)
        {
            int output = 1 + (int)Math.Min(399, 40 * Math.Exp(random.NextDouble() * 2.4));
            harness.Add(new TestRequest(20 + random.Next(120), 400, output, id: i));
        }

        generatedAtEviction = [.. Enumerable.Repeat(-1, requests)];
        return harness;
    }
}
