namespace KvScheduling.Tests;

/// <summary>Every option changes a decision.</summary>
public sealed class SchedulerOptionTests
{
    [Fact]
    public void KvBudgetTokens_BelowTheCapacity_LetsFewerRun()
    {
        Assert.Equal(2, RunningAfterOneStep(options => options.KvBudgetTokens = 25, (8, 4), (8, 4), (8, 4)));
        Assert.Equal(3, RunningAfterOneStep(options => options.KvBudgetTokens = null, (8, 4), (8, 4), (8, 4)));
    }

    [Fact]
    public void Reservation_PredictedWithAHint_StartsWhatGuaranteedHoldsBack()
    {
        Assert.Equal(1, RunningWithHints(KvReservation.Guaranteed));
        Assert.Equal(2, RunningWithHints(KvReservation.Predicted));

        static int RunningWithHints(KvReservation reservation)
        {
            var harness = new SchedulerHarness(SchedulerHarness.UnitRounds(100), SchedulerHarness.PureOptions(reservation));
            var hints = new SchedulingHints { ExpectedOutputTokens = 10 };
            harness.Add(10, 80, 10, hints);
            harness.Add(10, 80, 10, hints);
            harness.Step();
            return harness.Core.RunningCount;
        }
    }

    [Fact]
    public void MaxRunningRequests_Reached_MakesTheHeadWaitForASlot()
    {
        var harness = Harness(options => options.MaxRunningRequests = 2, (1, 5), (1, 5), (1, 5));
        harness.Step();
        Assert.Equal(2, harness.Core.RunningCount);
        Assert.Equal(DecisionReason.WaitsForSlot, harness.Core.HeadWaitReason);
    }

    [Fact]
    public void MaxStepTokens_UsedUp_MakesTheHeadWaitForPrefill()
    {
        var harness = Harness(options => options.MaxStepTokens = 10, (10, 5), (1, 5));
        harness.Step();
        Assert.Equal(1, harness.Core.RunningCount);
        Assert.Equal(DecisionReason.WaitsForPrefill, harness.Core.HeadWaitReason);
        Assert.Equal(10, harness.Engine.LargestStep);
    }

    [Fact]
    public void PrefillChunkTokens_LongPrompt_IsComputedInChunks()
    {
        var harness = Harness(options => options.PrefillChunkTokens = 8, (20, 5));
        harness.PlanOnly();
        Assert.Equal(8, harness.Plan.Items[0].Tokens);
        harness.Core.Complete([new StepEvent(harness.Plan.Items[0].Slot, 8, StepEvent.NoToken)], harness.Now);
        harness.Core.Plan(harness.Plan, harness.Now);
        Assert.Equal(8, harness.Plan.Items[0].Tokens);
        harness.Core.Complete([new StepEvent(harness.Plan.Items[0].Slot, 8, StepEvent.NoToken)], harness.Now);
        harness.Core.Plan(harness.Plan, harness.Now);
        Assert.Equal(4, harness.Plan.Items[0].Tokens);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    [InlineData(3, 3)]
    public void MaxPartialPrefills_LongPrompts_BoundsHowManyAreCutAtOnce(int most, int running)
    {
        Action<KvSchedulingOptions> configure = options =>
        {
            options.MaxPartialPrefills = most;
            options.PrefillChunkTokens = 4;
        };
        var harness = Harness(configure, (20, 5), (20, 5), (20, 5));
        harness.Step();
        Assert.Equal(running, harness.Core.RunningCount);
    }

    [Fact]
    public void MaxPartialPrefills_ShortPromptBehindLongOnes_PassesWhenItIsComputedWhole()
    {
        var harness = Harness(
            options =>
            {
                options.MaxPartialPrefills = 1;
                options.PrefillChunkTokens = 4;
                options.Backfill = true;
            },
            (20, 5), (20, 5), (3, 5));
        harness.Step();
        Assert.Equal(DecisionReason.WaitsForPrefill, harness.Core.HeadWaitReason);
        Assert.Equal(1, harness.CountOf(DecisionReason.StartedByBackfill));
    }

    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 0)]
    public void Backfill_SmallRequestBehindABlockedHead_StartsOnlyWhenOn(bool backfill, int started)
    {
        var harness = Harness(options => options.Backfill = backfill, (50, 20), (60, 20), (5, 3));
        harness.Step();
        Assert.Equal(DecisionReason.WaitsForKv, harness.Core.HeadWaitReason);
        Assert.Equal(started, harness.CountOf(DecisionReason.StartedByBackfill));
    }

    [Fact]
    public void Backfill_RequestThatWouldDelayTheHead_Waits()
    {
        // The head fits when the first one ends, at step 20. The third holds 5 + 40 > what is left beside the head then.
        var harness = Harness(options => options.Backfill = true, (50, 20), (60, 20), (5, 40));
        TestRequest head = harness.Added[1];
        harness.Drain();
        Assert.Equal(20, (int)head.FirstStart!.Value.TotalSeconds);
        Assert.Equal(0, harness.CountOf(DecisionReason.StartedByBackfill));
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 1)]
    public void BackfillWindow_CandidateFurtherBehind_IsNotLookedAt(int window, int started)
    {
        Action<KvSchedulingOptions> configure = options =>
        {
            options.Backfill = true;
            options.BackfillWindow = window;
        };
        var harness = Harness(configure, (50, 20), (60, 20), (60, 20), (5, 3));
        harness.Step();
        Assert.Equal(started, harness.CountOf(DecisionReason.StartedByBackfill));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void MaxOvertakes_ManySmallOnes_BoundsHowManyPassOneHead(int most)
    {
        Action<KvSchedulingOptions> configure = options =>
        {
            options.Backfill = true;
            options.MaxOvertakes = most;
        };
        var harness = Harness(configure, (50, 20), (60, 20), (2, 2), (2, 2), (2, 2));
        TestRequest head = harness.Added[1];
        harness.Drain();
        Assert.Equal(20, (int)head.FirstStart!.Value.TotalSeconds);
        Assert.Equal(most, harness.Decisions.TakeWhile(d => d.Request != head).Count(d => d.Reason == DecisionReason.StartedByBackfill));
    }

    [Theory]
    [InlineData(5, 1)]
    [InlineData(null, 0)]
    public void PromoteAfter_LongWait_MakesItTheHead(int? seconds, int promoted)
    {
        KvSchedulingOptions options = SchedulerHarness.PureOptions();
        options.MaxRunningRequests = 1;
        options.PromoteAfter = seconds is int value ? TimeSpan.FromSeconds(value) : null;
        var harness = new SchedulerHarness(SchedulerHarness.UnitRounds(100), options, () => new ShortestOutputFirstPolicy());
        TestRequest last = harness.Add(1, 3);
        for (int i = 0; i < 12; i++)
        {
            harness.Add(1, 2);
        }

        harness.Drain();
        Assert.Equal(promoted, harness.Decisions.Count(d => d.Request == last && d.Reason == DecisionReason.StartedByPromotion));
        Assert.Equal(seconds is null ? 24 : 6, (int)last.FirstStart!.Value.TotalSeconds);
    }

    [Fact]
    public void NextWake_PromotionAhead_IsItsTime()
    {
        var harness = Harness(
            options =>
            {
                options.PromoteAfter = TimeSpan.FromSeconds(7);
                options.MaxRunningRequests = 1;
            },
            (1, 50), (1, 50));
        harness.Step();
        Assert.Equal(TimeSpan.FromSeconds(7), harness.Core.NextWake);
        harness.Now = TimeSpan.FromSeconds(8);
        harness.Step();
        Assert.Null(harness.Core.NextWake);
    }

    [Fact]
    public void QueueTimeout_WaitedLonger_IsRefusedWithTheLimitInWords()
    {
        var harness = Harness(
            options =>
            {
                options.QueueTimeout = TimeSpan.FromSeconds(4);
                options.MaxRunningRequests = 1;
            },
            (1, 50), (1, 50));
        TestRequest waiting = harness.Added[1];
        harness.Step();
        Assert.Equal(TimeSpan.FromSeconds(4), harness.Core.NextWake);
        for (int i = 0; i < 4; i++)
        {
            harness.Step();
        }

        Assert.Equal(RequestState.Rejected, waiting.State);
        Assert.Equal(SchedulingRejection.DeadlineUnreachable, waiting.Ending!.Value.Rejection);
        Assert.Contains("QueueTimeout", waiting.Ending!.Value.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(waiting, harness.Engine.Seen);
    }

    [Fact]
    public void SortedFExactLimit_ReachesThePolicyByTheContext()
    {
        Assert.NotEqual(TotalOf(0), TotalOf(32));

        static string TotalOf(int limit)
        {
            var random = new Random(1);
            List<int> starts = [];
            for (int instance = 0; instance < 60; instance++)
            {
                (int, int)[] sizes = Enumerable.Range(0, 8).Select(_ => (1 + random.Next(28), 1 + random.Next(12))).ToArray();
                starts.AddRange(Backlog.Drain(SchedulingPolicies.SortedF, 40, sizes, options => options.SortedFExactLimit = limit).StartRounds);
            }

            return string.Join(',', starts);
        }
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(100_000, 1)]
    public void EvictionCooldownSteps_RecentlyResumed_IsSpared(int cooldown, int spared)
    {
        Assert.Equal(spared, EvictionTests.VictimAfterResume(cooldown));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 16)]
    public void MaxParkedSequences_FinishedPrompt_IsReusedOnlyWhenParked(int parked, int cached)
    {
        EngineDescription engine = SchedulerHarness.UnitRounds(256, 16, 8) with { PrefixReuse = PrefixReuse.Share };
        KvSchedulingOptions options = SchedulerHarness.PureOptions();
        options.MaxParkedSequences = parked;
        var harness = new SchedulerHarness(engine, options);
        int[] prompt = TestPrompt.Tokens(1, 20);
        harness.Add(new TestRequest(20, 4, blocks: TestPrompt.Blocks(prompt, 16), promptTokens: prompt));
        harness.Drain();
        TestRequest second = harness.Add(new TestRequest(20, 4, blocks: TestPrompt.Blocks(prompt, 16), promptTokens: prompt));
        harness.Drain();
        Assert.Equal(cached, second.CachedTokens);
        Assert.Equal(cached, harness.Core.Counters.CachedTokens);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 2)]
    [InlineData(3, 4)]
    public void MaxStepRetries_StepThatAlwaysFails_IsTriedThatOftenAgain(int retries, int steps)
    {
        var harness = Harness(options => options.MaxStepRetries = retries, (5, 5));
        TestRequest request = harness.Added[0];
        int failures = 0;
        while (request.State <= RequestState.Running)
        {
            harness.PlanOnly();
            harness.Core.FailStep(new EngineFaultException("bad"), harness.Now);
            failures++;
        }

        Assert.Equal(steps, failures);
        Assert.Equal(RequestState.Failed, request.State);
        Assert.Equal("bad", request.Ending!.Value.Error!.Message);
    }

    [Fact]
    public void LengthEstimation_QuantileAndSamples_DecideHowManyStart()
    {
        Assert.Equal(1, Running(new LengthEstimationOptions { MinSamples = 50 }));
        Assert.Equal(4, Running(new LengthEstimationOptions { MinSamples = 3 }));
        Assert.Equal(2, Running(new LengthEstimationOptions { MinSamples = 3, Quantile = 0.99, MaxQuantile = 0.99 }));

        static int Running(LengthEstimationOptions estimation)
        {
            KvSchedulingOptions options = SchedulerHarness.PureOptions(KvReservation.Predicted);
            options.LengthEstimation = estimation;
            var harness = new SchedulerHarness(SchedulerHarness.UnitRounds(100), options);
            foreach (int output in new[] { 5, 5, 5, 5, 40 })
            {
                harness.Add(5, 90, output);
            }

            harness.Drain();
            for (int i = 0; i < 4; i++)
            {
                harness.Add(10, 90, 5);
            }

            harness.Step();
            return harness.Core.RunningCount;
        }
    }

    [Fact]
    public void Priority_Higher_RunsFirst()
    {
        KvSchedulingOptions options = SchedulerHarness.PureOptions();
        options.MaxRunningRequests = 1;
        var harness = new SchedulerHarness(SchedulerHarness.UnitRounds(100), options);
        TestRequest low = harness.Add(5, 2);
        TestRequest high = harness.Add(5, 2, hints: new SchedulingHints { Priority = 7 });
        TestRequest middle = harness.Add(5, 2, hints: new SchedulingHints { Priority = 3 });
        harness.Drain();
        Assert.Equal([0, 2, 4], new[] { high, middle, low }.Select(r => (int)r.FirstStart!.Value.TotalSeconds));
    }

    private static int RunningAfterOneStep(Action<KvSchedulingOptions> configure, params (int Prompt, int Limit)[] requests)
    {
        SchedulerHarness harness = Harness(configure, requests);
        harness.Step();
        return harness.Core.RunningCount;
    }

    private static SchedulerHarness Harness(Action<KvSchedulingOptions> configure, params (int Prompt, int Limit)[] requests)
    {
        KvSchedulingOptions options = SchedulerHarness.PureOptions();
        configure(options);
        var harness = new SchedulerHarness(SchedulerHarness.UnitRounds(100), options);
        foreach ((int prompt, int limit) in requests)
        {
            harness.Add(prompt, limit);
        }

        return harness;
    }
}
