namespace KvScheduling.Baselines.Tests;

/// <summary>What the known servers do, each where ours does something else.</summary>
public sealed class ServerRuleTests
{
    [Fact]
    public void Vllm_PoolFillsUp_EvictsTheLastStartedThoughItHoldsMost()
    {
        // Ours reserves the outputs and evicts nobody.
        SchedulerHarness harness = Baseline.Harness(BaselinePolicies.Vllm, 40);
        TestRequest first = harness.Add(5, 20);
        TestRequest second = harness.Add(25, 12);
        harness.Step();
        Assert.Equal((RequestState.Running, RequestState.Running), (first.State, second.State));
        harness.Drain();
        Assert.Equal((0, 1), (first.Evictions, second.Evictions));
        Assert.Equal(0, Ours(40, (5, 20), (25, 12)));
    }

    [Fact]
    public void Vllm_AfterAnEviction_StartsNobodyInTheSameStep()
    {
        SchedulerHarness harness = Baseline.Harness(BaselinePolicies.Vllm, 40);
        harness.Add(18, 20);
        TestRequest second = harness.Add(18, 20);
        while (second.Evictions == 0)
        {
            TestRequest waiting = harness.Add(1, 2);
            harness.PlanOnly();
            Assert.True(second.Evictions == 0 || waiting.State == RequestState.Queued);
            harness.RunPlanned(null);
        }

        Assert.True(second.Evictions > 0);
    }

    [Fact]
    public void Vllm_HeadDoesNotFit_BlocksTheSmallOnesBehindIt()
    {
        // Ours lets them pass: the head starts no later for it.
        Assert.Equal(RequestState.Queued, SmallBehindALargeHead(BaselinePolicies.Vllm));
        Assert.Equal(RequestState.Running, SmallBehindALargeHead(SchedulingPolicies.Adaptive));
    }

    [Fact]
    public void Vllm_OutputsToCome_AreNotChargedAtAdmission()
    {
        SchedulerHarness harness = Baseline.Harness(BaselinePolicies.Vllm, 100);
        for (int i = 0; i < 9; i++)
        {
            harness.Add(10, 90);
        }

        harness.Step();
        Assert.Equal(9, harness.Core.RunningCount);
        harness.Drain();
        Assert.True(harness.Core.Counters.Evictions > 9);
        Assert.All(harness.Added, request => Assert.Equal(RequestState.Completed, request.State));
    }

    [Fact]
    public void VllmV0_PromptWaits_DecodesStandStill()
    {
        SchedulerHarness harness = Baseline.Harness(BaselinePolicies.VllmV0, 200);
        TestRequest first = harness.Add(10, 10);
        harness.Step();
        harness.Add(10, 10);
        harness.Step();
        Assert.Equal(1, first.GeneratedTokens);
        harness.Step();
        Assert.Equal(2, first.GeneratedTokens);
    }

    [Theory]
    [InlineData(BaselinePolicies.VllmV0, RequestState.Queued)]
    [InlineData(BaselinePolicies.Sarathi, RequestState.Queued)]
    [InlineData(BaselinePolicies.Vllm, RequestState.Running)]
    public void Watermark_HeadWouldTakeTheLastPercent_Waits(string policy, RequestState expected)
    {
        SchedulerHarness harness = Baseline.Harness(policy, 200);
        TestRequest first = harness.Add(101, 50);
        TestRequest second = harness.Add(98, 1);
        harness.PlanOnly();
        Assert.Equal((RequestState.Running, expected), (first.State, second.State));
    }

    [Fact]
    public void VllmV0_PromptAboveTheWatermark_IsRefused()
    {
        SchedulerHarness harness = Baseline.Harness(BaselinePolicies.VllmV0, 200);
        TestRequest request = harness.Add(199, 1);
        harness.PlanOnly();
        Assert.Equal(SchedulingRejection.TooLong, request.Ending!.Value.Rejection);
    }

    [Fact]
    public void VllmV0_UnequalPrompts_ArePaddedToTheLongest()
    {
        var options = new KvSchedulingOptions { MaxStepTokens = 100 };
        SchedulerHarness harness = Baseline.Harness(BaselinePolicies.VllmV0, Baseline.Engine(1000), options);
        TestRequest[] requests = [harness.Add(60, 2), harness.Add(10, 2)];
        harness.Step();
        Assert.Equal((RequestState.Running, RequestState.Queued), (requests[0].State, requests[1].State));
    }

    [Fact]
    public void Sarathi_LongPrompt_IsComputedBesideDecodesInChunksOf512()
    {
        SchedulerHarness harness = Baseline.Harness(BaselinePolicies.Sarathi, 4000);
        TestRequest chat = harness.Add(10, 20);
        harness.Step();
        TestRequest document = harness.Add(1500, 2);
        harness.PlanOnly();
        Assert.Equal([1, 511], harness.Plan.Items.ToArray().Select(static item => item.Tokens));
        harness.RunPlanned(null);
        harness.Step();
        harness.Step();
        Assert.Equal((4, 1), (chat.GeneratedTokens, document.GeneratedTokens));
    }

    [Fact]
    public void TensorRtLlm_HighLimitsAndShortOutputs_NeverEvictsAndRunsFewAtOnce()
    {
        // Ours runs more at once as soon as it has seen that outputs are short.
        int alone = MostAtOnce(BaselinePolicies.TensorRtLlm, out long evictions);
        Assert.Equal((2, 0), (alone, evictions));
        Assert.True(MostAtOnce(SchedulingPolicies.Fcfs, out _) >= 8);
    }

    [Fact]
    public void Sglang_ReservedShare_ShrinksWithEveryDecodeAndRisesAfterAnEviction()
    {
        var charge = new RatioCharge();
        double first = charge.Ratio;
        charge.OnDecodes();
        Assert.True(charge.Ratio < first);
        for (int i = 0; i < 700; i++)
        {
            charge.OnDecodes();
        }

        Assert.Equal(0.098, charge.Ratio, 12);
        charge.OnIdle();
        Assert.Equal(0.7, charge.Ratio, 12);
    }

    [Fact]
    public void Sglang_ShareShrankTooFar_RetractsTheFewestOutputsWithTheLongestPrompt()
    {
        SchedulerHarness harness = Baseline.Harness(BaselinePolicies.Sglang, 4000);
        TestRequest old = harness.Add(10, 3000);
        for (int i = 0; i < 700; i++)
        {
            harness.Step();
        }

        TestRequest longer = harness.Add(11, 1400);
        TestRequest shorter = harness.Add(10, 1400);
        harness.Drain();
        Assert.True(longer.Evictions > 0);
        Assert.Equal((0, 0), (old.Evictions, shorter.Evictions));
        Assert.All(harness.Added, static request => Assert.Equal(RequestState.Completed, request.State));
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(20, 2)]
    public void Headroom_AfterAnEviction_GoesOnUntilEverybodyHasRoomForSoMuch(int headroom, int expected)
    {
        var options = new KvSchedulingOptions();
        EngineDescription engine = Baseline.Engine(100);
        var policy = new BaselinePolicy("test", () => ServerRules.Sglang() with { Charge = new PromptCharge(), HeadroomTokens = headroom });
        var harness = new SchedulerHarness(engine, options, () => policy);
        harness.Add(30, 60);
        for (int i = 0; i < 10; i++)
        {
            harness.Step();
        }

        harness.Add(1, 60);
        harness.Add(2, 60);
        while (harness.CountOf(DecisionReason.EvictedForKv) == 0)
        {
            harness.Step();
        }

        Assert.Equal(expected, harness.CountOf(DecisionReason.EvictedForKv));
    }

    [Fact]
    public void Orca_LongContext_RunsAsManyAsContextsFit()
    {
        SchedulerHarness harness = Baseline.Harness(BaselinePolicies.Orca, Baseline.Engine(1000, context: 300));
        for (int i = 0; i < 10; i++)
        {
            harness.Add(5, 5);
        }

        harness.Step();
        Assert.Equal(3, harness.Core.RunningCount);
    }

    private static int MostAtOnce(string policy, out long evictions)
    {
        SchedulerHarness harness = Baseline.Harness(policy, 1000);
        int most = 0;
        for (int i = 0; i < 100; i++)
        {
            harness.Add(20, 400, actual: 20);
        }

        while (harness.Core.HasWork)
        {
            harness.Step();
            most = Math.Max(most, harness.Core.RunningCount);
        }

        evictions = harness.Core.Counters.Evictions;
        return most;
    }

    private static RequestState SmallBehindALargeHead(string policy)
    {
        SchedulerHarness harness = Baseline.Harness(policy, 100);
        harness.Add(60, 20);
        harness.Add(80, 10);
        TestRequest small = harness.Add(2, 4);
        harness.PlanOnly();
        return small.State;
    }

    private static long Ours(long kvTokens, params (int Prompt, int Output)[] requests)
    {
        SchedulerHarness harness = Baseline.Harness(SchedulingPolicies.Adaptive, kvTokens);
        foreach ((int prompt, int output) in requests)
        {
            harness.Add(prompt, output);
        }

        harness.Drain();
        return harness.Core.Counters.Evictions;
    }
}
