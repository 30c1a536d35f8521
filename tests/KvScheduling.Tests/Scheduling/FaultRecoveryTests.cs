namespace KvScheduling.Tests;

public sealed class FaultRecoveryTests
{
    [Theory]
    [InlineData(HoldSupport.Free, true)]
    [InlineData(HoldSupport.None, true)]
    [InlineData(HoldSupport.Free, false)]
    [InlineData(HoldSupport.None, false)]
    public void FailStep_OnePoisonousRequest_FailsAloneAndTheOthersComplete(HoldSupport hold, bool chunked)
    {
        KvSchedulingOptions options = SchedulerHarness.PureOptions(KvReservation.Predicted);
        options.PrefillChunkTokens = 6;
        EngineDescription engine = SchedulerHarness.UnitRounds(200, 4, 8) with { Hold = hold, SupportsChunkedPrefill = chunked };
        var harness = new SchedulerHarness(engine, options);
        for (int i = 0; i < 5; i++)
        {
            harness.Add(new TestRequest(10, 12, id: i));
        }

        TestRequest poison = harness.Added[2];
        int largestWithSuspects = 0;
        for (int step = 0; harness.Core.HasWork; step++)
        {
            Assert.True(step < 300);
            harness.PlanOnly();
            if (harness.Core.HeadWaitReason == DecisionReason.WaitsForRecovery)
            {
                largestWithSuspects = Math.Max(largestWithSuspects, harness.Plan.Items.Length);
            }

            // It fails once its prompt has been computed beyond the first chunk.
            bool fails = false;
            foreach (StepItem item in harness.Plan.Items)
            {
                fails |= harness.Engine.RequestIn(item.Slot) == poison && (poison.GeneratedTokens > 0 || item.Tokens < 6 || !chunked);
            }

            harness.RunPlanned(fails ? new EngineFaultException("poison") : null);
        }

        Assert.Equal(RequestState.Failed, poison.State);
        Assert.Equal(1, largestWithSuspects);
        Assert.All(harness.Added.Where(request => request != poison), request =>
        {
            Assert.Equal(RequestState.Completed, request.State);
            Assert.Equal(Enumerable.Range(0, 12).Select(request.TokenAt), request.Tokens);
        });
    }

    [Fact]
    public void FailStep_Once_EverybodyGoesOnWhereTheyWere()
    {
        var harness = new SchedulerHarness(SchedulerHarness.UnitRounds(200), SchedulerHarness.PureOptions());
        harness.Add(new TestRequest(10, 12, id: 1));
        harness.Add(new TestRequest(20, 12, id: 2));
        harness.Step();
        harness.Step();
        harness.PlanOnly();
        harness.RunPlanned(new EngineFaultException("once"));
        Assert.Equal(2, harness.Core.WaitingCount);
        Assert.Equal(2, harness.CountOf(DecisionReason.EvictedByFault));
        harness.Drain();
        Assert.All(harness.Added, request =>
        {
            Assert.Equal(RequestState.Completed, request.State);
            Assert.Equal(1, request.Evictions);
            Assert.Equal(0, request.Place.StepFailures);
            Assert.Equal(Enumerable.Range(0, 12).Select(request.TokenAt), request.Tokens);
        });
    }

    [Fact]
    public void FailStart_OneRequest_EndsItAndTheRestOfThePlanGoesOn()
    {
        var harness = new SchedulerHarness(SchedulerHarness.UnitRounds(200), SchedulerHarness.PureOptions());
        TestRequest bad = harness.Add(10, 5);
        TestRequest good = harness.Add(10, 5);
        harness.Core.Plan(harness.Plan, harness.Now);
        var error = new InvalidOperationException("grammar");
        harness.Core.FailStart(bad, error, harness.Now);
        harness.Core.CheckInvariants();
        Assert.Equal(good.Slot, Assert.Single(harness.Plan.Items.ToArray()).Slot);
        EngineFaultException fault = Assert.IsType<EngineFaultException>(bad.Ending!.Value.Error);
        Assert.Same(error, fault.InnerException);
        harness.Engine.Start(harness.Plan.Starts[1]);
        harness.RunPlanned(null);
        harness.Drain();
        Assert.Equal(RequestState.Completed, good.State);
        Assert.DoesNotContain(bad, harness.Engine.Seen);
    }

    [Fact]
    public void LoseEngine_MidStep_GivesBackEverythingAndTriesThePlannedOnesAlone()
    {
        var harness = new SchedulerHarness(SchedulerHarness.UnitRounds(200), SchedulerHarness.PureOptions());
        for (int i = 0; i < 3; i++)
        {
            harness.Add(new TestRequest(10, 6, id: i));
        }

        harness.Step();
        harness.Step();
        harness.PlanOnly();
        harness.Core.LoseEngine(harness.Now);
        harness.Engine.Lose();
        harness.Core.CheckInvariants();
        Assert.Equal(0, harness.Core.RunningCount);
        Assert.Equal(0, harness.Core.KvUsedTokens);
        Assert.Equal(3, harness.Core.WaitingCount);
        harness.PlanOnly();
        Assert.Equal(1, harness.Plan.Items.Length);
        harness.RunPlanned(null);
        harness.Drain();
        Assert.All(harness.Added, request => Assert.Equal(Enumerable.Range(0, 6).Select(request.TokenAt), request.Tokens));
    }

    [Fact]
    public void LoseEngine_OneRequestKillsItAgainAndAgain_FailsThatRequestOnly()
    {
        var harness = new SchedulerHarness(SchedulerHarness.UnitRounds(200), SchedulerHarness.PureOptions());
        for (int i = 0; i < 3; i++)
        {
            harness.Add(new TestRequest(10, 6, id: i));
        }

        int losses = 0;
        while (harness.Core.HasWork)
        {
            harness.PlanOnly();
            bool dies = false;
            foreach (StepItem item in harness.Plan.Items)
            {
                dies |= harness.Engine.RequestIn(item.Slot) == harness.Added[1];
            }

            if (dies)
            {
                losses++;
                harness.Core.LoseEngine(harness.Now);
                harness.Engine.Lose();
            }
            else
            {
                harness.RunPlanned(null);
            }
        }

        Assert.Equal(3, losses);
        Assert.Equal([RequestState.Completed, RequestState.Failed, RequestState.Completed], harness.Added.Select(request => request.State));
    }

    [Fact]
    public void EndAll_WaitingAndRunning_EndsEachOnce()
    {
        KvSchedulingOptions options = SchedulerHarness.PureOptions();
        options.MaxRunningRequests = 2;
        var harness = new SchedulerHarness(SchedulerHarness.UnitRounds(200), options);
        for (int i = 0; i < 5; i++)
        {
            harness.Add(10, 6);
        }

        harness.Step();
        harness.Core.EndAll(RequestEnd.Rejected(SchedulingRejection.ShuttingDown, "stopping"), harness.Now);
        harness.Core.CheckInvariants();
        Assert.All(harness.Added, request => Assert.Equal((RequestState.Rejected, 1), (request.State, request.Endings)));
        Assert.True(harness.Core.HasWork);
        harness.PlanOnly();
        Assert.False(harness.Core.HasWork);
        Assert.Equal(0, harness.Engine.UsedSlots);
    }
}
