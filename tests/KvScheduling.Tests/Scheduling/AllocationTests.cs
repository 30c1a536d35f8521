namespace KvScheduling.Tests;

public sealed class AllocationTests
{
    [Theory]
    [InlineData(SchedulingPolicies.Fcfs, KvReservation.Predicted)]
    [InlineData(SchedulingPolicies.ShortestOutputFirst, KvReservation.Guaranteed)]
    [InlineData(SchedulingPolicies.SmallestPeakFirst, KvReservation.Predicted)]
    [InlineData(SchedulingPolicies.SmallestVolumeFirst, KvReservation.Predicted)]
    [InlineData(SchedulingPolicies.SortedF, KvReservation.Predicted)]
    [InlineData(SchedulingPolicies.Adaptive, KvReservation.Predicted)]
    [InlineData(SchedulingPolicies.Adaptive, KvReservation.Predicted, TenantFairness.VirtualTokenCounter)]
    [InlineData(SchedulingPolicies.Wait, KvReservation.Predicted)]
    [InlineData(SchedulingPolicies.NestedWait, KvReservation.Predicted)]
    public void PlanAndComplete_ThousandsWaiting_AllocateNothing(string policy, KvReservation reservation, TenantFairness fairness = TenantFairness.None)
    {
        // Thresholds are computed anew every few seconds, which allocates; no step between does. Lines grow while more of what they hold is dead: careful estimates keep
        // those few that are evicted and join again.
        var options = new KvSchedulingOptions
        {
            Reservation = reservation,
            Fairness = fairness,
            PriorityAgeing = fairness == TenantFairness.None ? null : TimeSpan.FromSeconds(5),
            MaxRunningRequests = 64,
            MaxStepTokens = 512,
            PrefillChunkTokens = 128,
            Wait = { RefitInterval = TimeSpan.FromHours(1) },
            LengthEstimation = { Quantile = 0.8, MinQuantile = 0.8 },
        };
        EngineDescription engine = SchedulerHarness.UnitRounds(16 * 400, 16, 128) with { PrefixReuse = PrefixReuse.Share };
        var core = new SchedulerCore(options, engine, Policies.Create(policy, options, engine));
        var random = new Random(1);
        int[] common = TestPrompt.Tokens(1, 64);
        ulong[] blocks = TestPrompt.Blocks(common, 16);
        for (int i = 0; i < 6_000; i++)
        {
            int limit = 1 + random.Next(120);
            core.Enqueue(new SilentRequest(65 + random.Next(200), limit, Math.Max(1, limit / 2), i % 3 == 0 ? blocks : [], "tenant-" + (i % 5)), TimeSpan.Zero);
        }

        var plan = new StepPlan(engine.MaxSequences);
        StepEvent[] events = new StepEvent[engine.MaxSequences];
        int[] left = new int[engine.MaxSequences];
        TimeSpan now = TimeSpan.Zero;

        // Until every line and table has grown to its size.
        Run(1_500);
        SchedulerCounters before = core.Counters;
        long bytes = GC.GetAllocatedBytesForCurrentThread();
        Run(500);
        bytes = GC.GetAllocatedBytesForCurrentThread() - bytes;
        SchedulerCounters after = core.Counters;

        Assert.True(core.WaitingCount > 500);
        Assert.True(after.Completed - before.Completed > 100);
        Assert.Equal(500, after.Steps - before.Steps);
        Assert.Equal(0, bytes);
        core.CheckInvariants();

        void Run(int steps)
        {
            for (int step = 0; step < steps; step++)
            {
                core.Plan(plan, now);
                foreach (PlannedStart start in plan.Starts)
                {
                    left[start.Request.Slot] = start.Request.TokensToCompute - start.SharedTokens;
                }

                int count = 0;
                foreach (StepItem item in plan.Items)
                {
                    left[item.Slot] = Math.Max(0, left[item.Slot] - item.Tokens);
                    events[count++] = new StepEvent(item.Slot, item.Tokens, left[item.Slot] == 0 ? 5 : StepEvent.NoToken);
                }

                now += TimeSpan.FromMilliseconds(20);
                core.Complete(events.AsSpan(0, count), now);
            }
        }
    }

    private sealed class SilentRequest(int prompt, int limit, int actual, ulong[] blocks, string tenant)
        : SchedulableRequest(prompt, limit, new SchedulingHints { Tenant = tenant })
    {
        internal override ReadOnlySpan<ulong> PrefixBlocks => blocks;

        internal override bool IsEndToken(int token) => GeneratedTokens >= actual;

        internal override void OnToken(int token, TimeSpan now)
        {
        }

        internal override void OnEnded(in RequestEnd end, TimeSpan now)
        {
        }
    }
}
