namespace KvScheduling.Tests;

public sealed class PrefixReuseTests
{
    private const int Block = 16;

    [Fact]
    public void Plan_RunningPromptWithTheSameStart_IsSharedAndChargedOnce()
    {
        SchedulerHarness harness = Harness(PrefixReuse.Share);
        int[] system = TestPrompt.Tokens(1, 64);
        Add(harness, system, 2, 6);
        harness.Step();
        long alone = harness.Core.KvUsedTokens;
        TestRequest second = Add(harness, system, 3, 6);
        harness.Step();
        Assert.Equal(64, second.CachedTokens);
        Assert.Equal(64, harness.Plan.Starts[0].SharedTokens);
        Assert.Equal(harness.Added[0].Slot, harness.Plan.Starts[0].SharedFromSlot);
        Assert.Equal(alone + Block, harness.Core.KvUsedTokens);
        harness.Drain();
        Assert.Equal(64, harness.Core.Counters.CachedTokens);
    }

    [Fact]
    public void Plan_SharedPrefix_LetsMoreRunInTheSameBudget()
    {
        Assert.Equal(2, Running(PrefixReuse.None));
        Assert.Equal(6, Running(PrefixReuse.Share));

        static int Running(PrefixReuse reuse)
        {
            SchedulerHarness harness = Harness(reuse, kv: 192);
            int[] system = TestPrompt.Tokens(1, 64);
            Add(harness, system, 100, 8);
            harness.Step();
            for (int i = 0; i < 5; i++)
            {
                Add(harness, system, 200 + i, 8);
            }

            harness.Step();
            return harness.Core.RunningCount;
        }
    }

    [Fact]
    public void Plan_FirstHolderEnds_OthersKeepTheBlocks()
    {
        SchedulerHarness harness = Harness(PrefixReuse.Share, parked: 0);
        int[] system = TestPrompt.Tokens(1, 64);
        Add(harness, system, 2, 3);
        harness.Step();
        Add(harness, system, 3, 30);
        Add(harness, system, 4, 20);
        while (harness.Added[0].State != RequestState.Completed)
        {
            harness.Step();
        }

        harness.Step();

        // 4 shared blocks and one each.
        Assert.Equal(6 * Block, harness.Core.KvUsedTokens);
        Assert.Equal(6, harness.Engine.UsedBlocks);
        harness.Drain();
    }

    [Fact]
    public void Plan_WholePromptCached_StillComputesItsLastBlock()
    {
        SchedulerHarness harness = Harness(PrefixReuse.Share);
        int[] prompt = TestPrompt.Tokens(1, 64);
        Add(harness, prompt, 0, 20, extra: 0);
        harness.Step();
        TestRequest same = Add(harness, prompt, 0, 20, extra: 0);
        harness.Step();
        Assert.Equal(48, same.CachedTokens);
        harness.Drain();
    }

    [Fact]
    public void Plan_PromptStillBeingComputed_SharesOnlyWhatIsComputed()
    {
        SchedulerHarness harness = Harness(PrefixReuse.Share, chunk: 20);
        int[] system = TestPrompt.Tokens(1, 64);
        Add(harness, system, 2, 20);
        harness.Step();
        harness.Step();
        TestRequest second = Add(harness, system, 3, 20);
        harness.Step();
        Assert.Equal(32, second.CachedTokens);
        harness.Drain();
    }

    [Fact]
    public void Plan_OtherScope_SharesNothing()
    {
        SchedulerHarness harness = Harness(PrefixReuse.Share);
        int[] system = TestPrompt.Tokens(1, 64);
        Add(harness, system, 2, 20);
        harness.Step();
        int[] prompt = [.. system, 7];
        TestRequest other = harness.Add(new TestRequest(65, 20, blocks: TestPrompt.Blocks(prompt, Block, scope: 99), promptTokens: prompt));
        TestRequest none = harness.Add(new TestRequest(65, 20, promptTokens: prompt));
        harness.Step();
        Assert.Equal(0, other.CachedTokens);
        Assert.Equal(0, none.CachedTokens);
    }

    [Theory]
    [InlineData(PrefixReuse.Continue)]
    [InlineData(PrefixReuse.Share)]
    public void Plan_NextTurnOfAFinishedConversation_ContinuesInItsSlot(PrefixReuse reuse)
    {
        SchedulerHarness harness = Harness(reuse);
        TestRequest turn = Add(harness, TestPrompt.Tokens(1, 40), 2, 12);
        harness.Drain();
        int slot = harness.Decisions.Count > 0 ? 0 : -1;
        Assert.Equal(64, harness.Core.KvParkedTokens);
        int[] prompt = [.. turn.Prompt, .. turn.Tokens, 5, 6, 7];
        TestRequest next = harness.Add(new TestRequest(prompt.Length, 10, blocks: TestPrompt.Blocks(prompt, Block), promptTokens: prompt));
        harness.Step();
        PlannedStart start = Assert.Single(harness.Plan.Starts);
        Assert.Equal(slot, start.SharedFromSlot);
        Assert.Equal(next.Slot, start.SharedFromSlot);

        // All of it but the last token, whose KV was never computed.
        Assert.Equal(41 + 11, next.CachedTokens);
        Assert.Equal(0, harness.Core.KvParkedTokens);
        harness.Drain();
    }

    [Fact]
    public void Plan_ContinueOnly_DoesNotShareBlocks()
    {
        SchedulerHarness harness = Harness(PrefixReuse.Continue);
        int[] system = TestPrompt.Tokens(1, 64);
        Add(harness, system, 2, 4);
        harness.Drain();
        TestRequest other = Add(harness, system, 3, 4);
        harness.Step();
        Assert.Equal(0, other.CachedTokens);
    }

    [Fact]
    public void Plan_ParkedSequences_GiveWayToWhatRunsOldestFirst()
    {
        SchedulerHarness harness = Harness(PrefixReuse.Share, kv: 256);
        TestRequest oldest = Add(harness, TestPrompt.Tokens(1, 64), 2, 4);
        harness.Drain();
        TestRequest newer = Add(harness, TestPrompt.Tokens(2, 64), 2, 4);
        harness.Drain();
        Assert.Equal(160, harness.Core.KvParkedTokens);
        harness.Add(100, 10);
        harness.Step();
        Assert.Equal([0], harness.Plan.Removals);
        Assert.Equal(0, harness.Core.Counters.Evictions);
        harness.Drain();
        Assert.Equal(64, Reuse(newer));
        Assert.Equal(0, Reuse(oldest));

        int Reuse(TestRequest earlier)
        {
            TestRequest again = Add(harness, earlier.Prompt[..64], 9, 4);
            harness.Step();
            return again.CachedTokens;
        }
    }

    [Fact]
    public void Plan_EverySlotParked_FreesTheOldestForAStart()
    {
        SchedulerHarness harness = Harness(PrefixReuse.Share, slots: 2);
        Add(harness, TestPrompt.Tokens(1, 64), 2, 4);
        harness.Drain();
        Add(harness, TestPrompt.Tokens(2, 64), 2, 4);
        harness.Drain();
        harness.Add(5, 4);
        Assert.True(harness.Step());
        Assert.Equal([0], harness.Plan.Removals);
        Assert.Equal(1, harness.Core.RunningCount);
    }

    [Fact]
    public void Plan_MoreParkedThanAllowed_DropsTheOldest()
    {
        SchedulerHarness harness = Harness(PrefixReuse.Share, parked: 1);
        Add(harness, TestPrompt.Tokens(1, 64), 2, 4);
        harness.Drain();
        Add(harness, TestPrompt.Tokens(2, 64), 2, 4);
        harness.Drain();
        Assert.Equal(80, harness.Core.KvParkedTokens);
        harness.Step();
        Assert.Equal(1, harness.Engine.UsedSlots);
    }

    [Fact]
    public void Cancel_RunningRequest_IsNotParked()
    {
        SchedulerHarness harness = Harness(PrefixReuse.Share);
        TestRequest request = Add(harness, TestPrompt.Tokens(1, 64), 2, 20);
        harness.Step();
        harness.Core.Cancel(request, harness.Now);
        Assert.True(harness.Core.HasWork);
        Assert.Equal(0, harness.Core.KvParkedTokens);
        harness.Step();
        Assert.Equal(0, harness.Engine.UsedSlots);
        Assert.False(harness.Core.HasWork);
    }

    private static TestRequest Add(SchedulerHarness harness, int[] common, int own, int limit, int extra = 1)
    {
        int[] prompt = [.. common, .. Enumerable.Repeat(own, extra)];
        return harness.Add(new TestRequest(prompt.Length, limit, id: own, blocks: TestPrompt.Blocks(prompt, Block), promptTokens: prompt));
    }

    private static SchedulerHarness Harness(PrefixReuse reuse, int kv = 1600, int slots = 16, int parked = 8, int chunk = 1000)
    {
        KvSchedulingOptions options = SchedulerHarness.PureOptions();
        options.MaxParkedSequences = parked;
        options.PrefillChunkTokens = chunk;
        return new SchedulerHarness(SchedulerHarness.UnitRounds(kv, Block, slots) with { PrefixReuse = reuse }, options);
    }
}
