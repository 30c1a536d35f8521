namespace KvScheduling.Tests;

public sealed class StepComposerTests
{
    [Fact]
    public void Plan_DecodesAndPrefills_ServesDecodesFirstThenPromptsInOrderOfStart()
    {
        SchedulerHarness harness = Harness(step: 12, chunk: 8, partial: 4);
        harness.Add(4, 20);
        harness.Add(4, 20);
        harness.Step();
        harness.Add(30, 5);
        harness.Add(30, 5);
        harness.PlanOnly();
        Assert.Equal([1, 1, 8, 2], Tokens(harness));
        Assert.Equal(harness.Added.Select(request => request.Slot), Slots(harness));
    }

    [Fact]
    public void Plan_MoreDecodesThanTokens_TakesTurns()
    {
        SchedulerHarness harness = Harness(step: 3, chunk: 3, partial: 8, chunked: false);
        for (int i = 0; i < 5; i++)
        {
            harness.Add(1, 60);
        }

        for (int i = 0; i < 32; i++)
        {
            harness.Step();
            Assert.True(harness.Engine.LargestStep <= 3);
        }

        Assert.Equal(5, harness.Core.RunningCount);
        int[] generated = harness.Added.Select(request => request.GeneratedTokens).ToArray();
        Assert.InRange(generated.Max() - generated.Min(), 0, 2);
    }

    [Fact]
    public void Plan_EngineWithoutChunks_TakesPromptsWhole()
    {
        SchedulerHarness harness = Harness(step: 20, chunk: 4, partial: 4, chunked: false);
        harness.Add(15, 5);
        harness.Add(15, 5);
        harness.PlanOnly();
        Assert.Equal([15], Tokens(harness));
        Assert.Equal(DecisionReason.WaitsForPrefill, harness.Core.HeadWaitReason);
        harness.RunPlanned(null);

        // The second does not fit beside a decode and 15 tokens; it has a step of its own.
        harness.PlanOnly();
        Assert.Equal([1, 15], Tokens(harness));
    }

    [Fact]
    public void Plan_WholePromptLongerThanTheStep_RunsAloneAndLetsDecodesInBetween()
    {
        SchedulerHarness harness = Harness(step: 10, chunk: 4, partial: 4, chunked: false);
        harness.Add(3, 30);
        harness.Step();
        harness.Add(40, 5);
        harness.Add(40, 5);
        List<int[]> steps = [];
        for (int i = 0; i < 5; i++)
        {
            harness.PlanOnly();
            steps.Add(Tokens(harness));
            harness.RunPlanned(null);
        }

        Assert.Equal([[40], [1, 1], [40], [1, 1, 1], [1, 1, 1]], steps);
    }

    [Fact]
    public void Plan_EngineThatCannotHold_AdvancesEverybodyInEveryStep()
    {
        SchedulerHarness harness = Harness(step: 10, chunk: 6, partial: 4, hold: HoldSupport.None);
        harness.Add(3, 30);
        harness.Add(30, 5);
        harness.Add(30, 5);
        for (int i = 0; i < 8; i++)
        {
            // The test engine throws when a running sequence is left out.
            harness.Step();
            Assert.True(harness.Engine.LargestStep <= 10);
        }

        harness.Drain();
    }

    [Fact]
    public void Plan_EngineThatCannotHold_RunsNoMoreThanTheStepHasTokens()
    {
        SchedulerHarness harness = Harness(step: 3, chunk: 6, partial: 4, hold: HoldSupport.None);
        for (int i = 0; i < 6; i++)
        {
            harness.Add(1, 9);
        }

        harness.Step();
        harness.Step();
        Assert.Equal(3, harness.Core.RunningCount);
        Assert.Equal(DecisionReason.WaitsForSlot, harness.Core.HeadWaitReason);
        harness.Drain();
    }

    [Fact]
    public void Plan_GuaranteedBudgetAndALongPrefill_HoldsWhoWouldPeakTooLate()
    {
        // They fit exactly if all advance together: at the end of the long prompt's only token everything is full.
        SchedulerHarness harness = Harness(step: 10, chunk: 4, partial: 4, kv: 31);
        TestRequest thin = harness.Add(2, 10);
        harness.Step();
        TestRequest wide = harness.Add(24, 2);
        harness.Step();
        Assert.Equal(RequestState.Running, wide.State);
        List<int> thinTokens = [];
        while (wide.State == RequestState.Running)
        {
            harness.Step();
            thinTokens.Add(thin.GeneratedTokens);
        }

        harness.Drain();
        Assert.Equal(0, harness.Core.Counters.Evictions);
        Assert.Contains(thinTokens.Zip(thinTokens.Skip(1)), pair => pair.First == pair.Second);
        Assert.Equal(10, thin.Tokens.Count);
    }

    [Fact]
    public void Complete_Counters_TellPrefillFromDecode()
    {
        SchedulerHarness harness = Harness(step: 100, chunk: 100, partial: 4);
        harness.Add(7, 4);
        harness.Add(new TestRequest(5, 9, actual: 2));
        harness.Drain();
        SchedulerCounters counters = harness.Core.Counters;
        Assert.Equal(12, counters.PrefillTokens);

        // The first ends at its limit of 4 with its last token; the second samples 2 tokens and an end token, which is not output.
        Assert.Equal(5, counters.DecodeTokens);
        Assert.Equal(6, counters.OutputTokens);
        Assert.Equal(2, counters.Completed);
        Assert.Equal([GenerationFinishReason.Length, GenerationFinishReason.Stop], harness.Added.Select(request => request.Ending!.Value.FinishReason));
        Assert.Equal([2 + 0, 2 + 7], harness.Added[1].Tokens);
    }

    private static SchedulerHarness Harness(int step, int chunk, int partial, bool chunked = true, HoldSupport hold = HoldSupport.Free, int kv = 1000)
    {
        KvSchedulingOptions options = SchedulerHarness.PureOptions();
        options.MaxStepTokens = step;
        options.PrefillChunkTokens = chunk;
        options.MaxPartialPrefills = partial;
        return new SchedulerHarness(SchedulerHarness.UnitRounds(kv, 1, 16) with { SupportsChunkedPrefill = chunked, Hold = hold }, options);
    }

    private static int[] Tokens(SchedulerHarness harness) => harness.Plan.Items.ToArray().Select(item => item.Tokens).ToArray();

    private static int[] Slots(SchedulerHarness harness) => harness.Plan.Items.ToArray().Select(item => item.Slot).ToArray();
}
