namespace KvScheduling.Baselines.Tests;

/// <summary>What the schedulers of .NET libraries do, each where ours does something else.</summary>
public sealed class DotNetRuleTests
{
    [Fact]
    public void TensorSharp_PoolFillsUp_OnlyALowerRankGivesWay()
    {
        SchedulerHarness harness = Baseline.Harness(BaselinePolicies.TensorSharp, 40);
        TestRequest low = harness.Add(15, 20, hints: new SchedulingHints { Priority = 0 });
        TestRequest high = harness.Add(15, 20, hints: new SchedulingHints { Priority = 1 });
        harness.Drain();
        Assert.True(low.Evictions > 0);
        Assert.Equal(0, high.Evictions);
    }

    [Fact]
    public void TensorSharp_MoreThanSixteen_Waits()
    {
        SchedulerHarness harness = Baseline.Harness(BaselinePolicies.TensorSharp, 4000);
        for (int i = 0; i < 20; i++)
        {
            harness.Add(5, 5);
        }

        harness.Step();
        Assert.Equal(16, harness.Core.RunningCount);
    }

    [Fact]
    public void TensorSharp_TwoLongPrompts_ShareAStepAndTakeTurnsBesideADecode()
    {
        SchedulerHarness harness = Baseline.Harness(BaselinePolicies.TensorSharp, Baseline.Engine(20_000), new KvSchedulingOptions { MaxStepTokens = 1000, PrefillChunkTokens = 800 });
        TestRequest chat = harness.Add(1, 50);
        harness.Step();
        harness.Add(3000, 2);
        harness.Add(3000, 2);
        harness.Step();
        harness.PlanOnly();
        int[] before = Tokens(harness);
        harness.RunPlanned(null);
        harness.PlanOnly();
        int[] after = Tokens(harness);
        Assert.Equal([1, 800, 199], before);
        Assert.Equal([1, 199, 800], after);
        harness.Core.Cancel(chat, harness.Now);
        harness.RunPlanned(null);
        harness.PlanOnly();
        Assert.Equal([500, 500], Tokens(harness));
    }

    [Fact]
    public void DotLlm_LongPrompt_IsComputedInOneStep()
    {
        SchedulerHarness harness = Baseline.Harness(BaselinePolicies.DotLlm, Baseline.Engine(20_000), new KvSchedulingOptions());
        harness.Add(9000, 2);
        harness.PlanOnly();
        Assert.Equal([9000], Tokens(harness));
    }

    [Fact]
    public void DotLlm_PoolRunsDry_TheRequestFailsWithATypedError()
    {
        SchedulerHarness harness = Baseline.Harness(BaselinePolicies.DotLlm, 40);
        TestRequest first = harness.Add(15, 20);
        TestRequest second = harness.Add(15, 20);
        harness.Drain();
        TestRequest failed = Assert.Single(harness.Added, static request => request.State == RequestState.Failed);
        Assert.IsType<EngineFaultException>(failed.Ending!.Value.Error);
        Assert.Equal(RequestState.Completed, (failed == first ? second : first).State);
    }

    [Fact]
    public void DotLlmSfq_TenantFloods_TheOtherGoesNext()
    {
        Assert.Equal(1, StartsBefore(BaselinePolicies.DotLlmSfq));
        Assert.Equal(20, StartsBefore(BaselinePolicies.DotLlm));
    }

    [Fact]
    public void DotLlmSfq_LowerTier_GivesWayAndTheSameDoesNot()
    {
        Assert.Equal(1, EvictionsForALater(BaselinePolicies.DotLlmSfq, priority: 1));
        Assert.Equal(0, EvictionsForALater(BaselinePolicies.DotLlmSfq, priority: 0));
    }

    [Fact]
    public void StartTimeFairOrder_TagsGrowByCostOverWeight_AndAnIdleTenantStartsAtTheVirtualTime()
    {
        var order = new StartTimeFairOrder(static tenant => tenant == "b" ? 2 : 1);
        TestRequest[] a = [Of("a"), Of("a"), Of("a")];
        TestRequest[] b = [Of("b"), Of("b"), Of("b")];
        Assert.Equal([0d, 100, 200], a.Select(request => order.KeyOf(request).Tag));
        Assert.Equal([0d, 50, 100], b.Select(request => order.KeyOf(request).Tag));
        order.OnStarted(a[1]);
        Assert.Equal(100, order.VirtualTime);
        Assert.Equal(100, order.KeyOf(Of("c")).Tag);

        static TestRequest Of(string tenant) => new(40, 60, hints: new SchedulingHints { Tenant = tenant });
    }

    [Fact]
    public void AiDotNet_EqualPriorities_AreNotFirstInFirstOut()
    {
        SchedulerHarness harness = Baseline.Harness(BaselinePolicies.AiDotNet, 4000);
        for (int i = 0; i < 40; i++)
        {
            harness.Add(5, 5);
        }

        harness.Drain();
        long[] starts = [.. harness.Decisions.Where(static decision => decision.Reason == DecisionReason.StartedAsHead).Select(static decision => decision.Request.ArrivalIndex)];
        Assert.Equal(40, starts.Length);
        Assert.NotEqual(starts.Order(), starts);
    }

    [Fact]
    public void AiDotNet_MoreThanEightOrTheWorstCase_Waits()
    {
        SchedulerHarness many = Baseline.Harness(BaselinePolicies.AiDotNet, 4000);
        SchedulerHarness large = Baseline.Harness(BaselinePolicies.AiDotNet, 100);
        for (int i = 0; i < 12; i++)
        {
            many.Add(5, 5);
            large.Add(5, 40, actual: 2);
        }

        many.Step();
        large.Step();
        Assert.Equal((8, 2), (many.Core.RunningCount, large.Core.RunningCount));
    }

    [Fact]
    public void Foundry_PoolRunsDry_EverythingFailsAfterItsRetries()
    {
        SchedulerHarness harness = Baseline.Harness(BaselinePolicies.Foundry, 40);
        harness.Add(15, 20);
        harness.Add(15, 20);
        TestRequest waiting = harness.Add(30, 2);
        while (harness.Core.HasWork)
        {
            harness.PlanOnly();
            if (harness.Plan.Items.IsEmpty && harness.Core.NextWake is TimeSpan wake)
            {
                Assert.Equal(harness.Now + TimeSpan.FromMilliseconds(100), wake);
                harness.Now = wake;
            }
            else
            {
                harness.RunPlanned(null);
            }
        }

        Assert.Equal(RequestState.Failed, waiting.State);
        Assert.All(harness.Added, static request => Assert.Equal(RequestState.Failed, request.State));
    }

    [Fact]
    public void GenAIDecodeFirst_HeadDoesNotFit_LaterOnesPassWithoutABound()
    {
        // The head starves as long as smaller ones keep coming; ours lets nobody pass who would delay it.
        Assert.Equal(RequestState.Queued, LargeHeadUnderSmallOnes(BaselinePolicies.GenAIDecodeFirst));
        Assert.Equal(RequestState.Completed, LargeHeadUnderSmallOnes(SchedulingPolicies.Fcfs));
    }

    [Fact]
    public void GenAIDecodeFirst_PoolRunsDryBeforeEightDecodes_NobodyGivesWayAndTheLatestFails()
    {
        SchedulerHarness harness = Baseline.Harness(BaselinePolicies.GenAIDecodeFirst, 40);
        TestRequest first = harness.Add(19, 20);
        TestRequest second = harness.Add(19, 20);
        harness.Drain();
        Assert.Equal(0, first.Evictions + second.Evictions);
        Assert.Equal((RequestState.Completed, RequestState.Failed), (first.State, second.State));
        Assert.IsType<EngineFaultException>(second.Ending!.Value.Error);
    }

    [Fact]
    public void GenAIDecodeFirst_PoolRunsDryAfterEightDecodes_EvictsOne()
    {
        SchedulerHarness harness = Baseline.Harness(BaselinePolicies.GenAIDecodeFirst, 60);
        TestRequest[] requests = [harness.Add(12, 40), harness.Add(12, 40), harness.Add(1, 1)];
        harness.Drain();
        Assert.True(requests[0].Evictions + requests[1].Evictions > 0);
        Assert.All(requests, static request => Assert.Equal(RequestState.Completed, request.State));
    }

    [Fact]
    public void Pool_WaitOfThirtySeconds_EndsWithARefusal()
    {
        SchedulerHarness harness = Baseline.Harness(BaselinePolicies.Pool, 400);
        for (int i = 0; i < 4; i++)
        {
            harness.Add(10, 60);
        }

        TestRequest fifth = harness.Add(10, 2);
        harness.Drain();
        Assert.Equal(SchedulingRejection.DeadlineUnreachable, fifth.Ending!.Value.Rejection);
        Assert.Equal(TimeSpan.FromSeconds(30), fifth.EndedAt);
    }

    [Fact]
    public void Pool_RequestLongerThanAContext_IsRefusedAtOnce()
    {
        SchedulerHarness harness = Baseline.Harness(BaselinePolicies.Pool, 400);
        TestRequest large = harness.Add(90, 20);
        harness.PlanOnly();
        Assert.Equal(SchedulingRejection.TooLong, large.Ending!.Value.Rejection);
    }

    [Fact]
    public void Lock_TwoRequests_RunOneAfterTheOther()
    {
        SchedulerHarness harness = Baseline.Harness(BaselinePolicies.Lock, 400);
        harness.Add(5, 10);
        harness.Add(5, 10);
        Assert.Equal(20, harness.Drain());
    }

    private static int[] Tokens(SchedulerHarness harness) => [.. harness.Plan.Items.ToArray().Select(static item => item.Tokens)];

    /// <summary>How many of a flood start before the one request of another tenant.</summary>
    private static int StartsBefore(string policy)
    {
        KvSchedulingOptions options = new() { MaxRunningRequests = 1, PromoteAfter = null };
        SchedulerHarness harness = Baseline.Harness(policy, Baseline.Engine(400), options);
        for (int i = 0; i < 20; i++)
        {
            harness.Add(10, 10, hints: new SchedulingHints { Tenant = "flood" });
        }

        TestRequest quiet = harness.Add(10, 10, hints: new SchedulingHints { Tenant = "quiet" });
        harness.Drain();
        return harness.Decisions.Where(static decision => decision.Reason == DecisionReason.StartedAsHead).Select(static decision => decision.Request).ToList().IndexOf(quiet);
    }

    private static int EvictionsForALater(string policy, int priority)
    {
        SchedulerHarness harness = Baseline.Harness(policy, 40);
        TestRequest first = harness.Add(30, 8);
        harness.Step();
        harness.Add(20, 5, hints: new SchedulingHints { Priority = priority });
        harness.Drain();
        return first.Evictions;
    }

    private static RequestState LargeHeadUnderSmallOnes(string policy)
    {
        SchedulerHarness harness = Baseline.Harness(policy, 100);
        harness.Add(20, 10);
        TestRequest large = harness.Add(90, 5);
        for (int i = 0; i < 200; i++)
        {
            harness.Add(20, 5);
            harness.Step();
        }

        return large.State;
    }
}
