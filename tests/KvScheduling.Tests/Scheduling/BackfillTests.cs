namespace KvScheduling.Tests;

public sealed class BackfillTests
{
    [Theory]
    [InlineData(SchedulingPolicies.Fcfs, 1)]
    [InlineData(SchedulingPolicies.SmallestVolumeFirst, 1)]
    [InlineData(SchedulingPolicies.Fcfs, 8)]
    public void Drain_LengthsKnown_NeverMovesTheHeadsEarliestStart(string policy, int block)
    {
        int overtakes = 0;
        for (int seed = 1; seed <= 12; seed++)
        {
            var random = new Random(seed);
            KvSchedulingOptions options = SchedulerHarness.PureOptions();
            options.Backfill = true;
            options.BackfillWindow = 16;
            int kv = 96;
            EngineDescription engine = SchedulerHarness.UnitRounds(kv, block, 64);
            var harness = new SchedulerHarness(engine, options, Policies.Create(policy, options, engine)) { CheckAlways = false };
            for (int i = 0; i < 60; i++)
            {
                int output = 1 + random.Next(30);
                harness.Add(1 + random.Next(random.Next(3) == 0 ? kv - output - block : 12), output);
            }

            Dictionary<TestRequest, int> promised = [];
            while (harness.Core.WaitingCount + harness.Core.RunningCount > 0)
            {
                harness.PlanOnly();
                if (harness.Added.SingleOrDefault(request => request.WaitReason == DecisionReason.WaitsForKv) is TestRequest head)
                {
                    int start = harness.Round + EarliestStart(harness, head, kv, block);
                    Assert.True(start <= promised.GetValueOrDefault(head, int.MaxValue), "The head's earliest start moved.");
                    promised[head] = start;
                }

                harness.RunPlanned(null);
            }

            foreach ((TestRequest head, int start) in promised)
            {
                Assert.True(head.FirstStart!.Value.TotalSeconds <= start);
            }

            overtakes += harness.CountOf(DecisionReason.StartedByBackfill);
        }

        Assert.True(overtakes > 20);
    }

    /// <summary>Rounds until the head fits if nobody else starts, by scanning every round.</summary>
    private static int EarliestStart(SchedulerHarness harness, TestRequest head, int kv, int block)
    {
        (int Held, int Left)[] running = harness.Added.Where(request => request.State == RequestState.Running)
            .Select(request => (request.TokensToCompute, request.MaxOutputTokens - request.GeneratedTokens)).ToArray();
        for (int start = 0; ; start++)
        {
            bool fits = true;
            for (int t = start + 1; t <= start + head.MaxOutputTokens && fits; t++)
            {
                int blocks = running.Where(r => t <= r.Left).Sum(r => (r.Held + t + block - 1) / block) + ((head.PromptTokens + t - start + block - 1) / block);
                fits = blocks <= kv / block;
            }

            if (fits)
            {
                return start;
            }
        }
    }
}
