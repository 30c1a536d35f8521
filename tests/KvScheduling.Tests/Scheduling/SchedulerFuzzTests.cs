namespace KvScheduling.Tests;

/// <summary>More than 100,000 random operations keep every invariant.</summary>
public sealed class SchedulerFuzzTests
{
    private const int OperationsPerSeed = 2_200;
    private const int SeedsPerGroup = 6;

    public static TheoryData<int> Groups => [0, 1, 2, 3, 4, 5, 6, 7];

    [Theory]
    [MemberData(nameof(Groups))]
    public void Run_RandomOperations_KeepEveryInvariant(int group)
    {
        Dictionary<DecisionReason, int> counts = [];
        int operations = 0;
        int shared = 0;
        for (int seed = 1; seed <= SeedsPerGroup; seed++)
        {
            SchedulerFuzz fuzz = Create((group * SeedsPerGroup) + seed);
            fuzz.Run(OperationsPerSeed);
            operations += fuzz.Operations;
            shared += fuzz.Shared;
            foreach ((DecisionReason reason, int count) in fuzz.Counts)
            {
                counts[reason] = counts.GetValueOrDefault(reason) + count;
            }
        }

        // A run that never gets to a rule proves nothing about it.
        Assert.True(operations >= SeedsPerGroup * OperationsPerSeed);
        Assert.True(shared > 0);
        DecisionReason[] expected =
        [
            DecisionReason.StartedAsHead, DecisionReason.StartedByBackfill, DecisionReason.StartedByPromotion, DecisionReason.StartedAlone,
            DecisionReason.EvictedByFault, DecisionReason.EvictedForKv, DecisionReason.Rejected, DecisionReason.Cancelled, DecisionReason.Completed, DecisionReason.Failed,
        ];
        Assert.All(expected, reason => Assert.Contains(reason, counts));
    }

    [Theory]
    [InlineData(SchedulingPolicies.Wait)]
    [InlineData(SchedulingPolicies.NestedWait)]
    public void Run_CohortsUnderRandomOperations_HoldAndKeepEveryInvariant(string policy)
    {
        int held = 0;
        for (int seed = 1; seed <= 12; seed++)
        {
            // Several at each stage must fit, else there is nothing to gather.
            SchedulerFuzz fuzz = Create(seed, policy, shortness: 8);
            fuzz.Run(1_200);
            held += fuzz.Counts.GetValueOrDefault(DecisionReason.WaitsForCohort);
        }

        Assert.True(held > 20);
    }

    [Theory]
    [InlineData(SchedulingPolicies.Wait, false)]
    [InlineData(SchedulingPolicies.NestedWait, false)]
    [InlineData(SchedulingPolicies.NestedWait, true)]
    public void Run_PaperExactUnderRandomOperations_KeepsEveryInvariant(string policy, bool strict)
    {
        for (int seed = 1; seed <= 12; seed++)
        {
            SchedulerFuzz fuzz = CreatePaperExact(seed, policy, strict);
            fuzz.Run(1_200);
            Assert.True(fuzz.Counts[DecisionReason.Completed] > 20);
        }
    }

    [Fact]
    public void Run_SameSeed_TakesTheSameDecisions()
    {
        SchedulerFuzz first = Create(5);
        SchedulerFuzz second = Create(5);
        first.Run(1_000);
        second.Run(1_000);
        Assert.True(first.Counts.Values.Sum() > 500);
        Assert.Equal(first.Digest, second.Digest);
    }

    /// <summary>Without faults: a sequence that stays behind against the plan may leave the budget, which these disciplines repair one plan later.</summary>
    private static SchedulerFuzz CreatePaperExact(int seed, string policy, bool strict)
    {
        var random = new Random(seed * 104_729);
        int block = new[] { 1, 4, 16 }[seed % 3];
        EngineDescription engine = SchedulerHarness.UnitRounds(block * (40 + random.Next(60)), block, 3 + random.Next(10)) with
        {
            MaxStepTokens = 4 + random.Next(40),
            SupportsChunkedPrefill = random.Next(3) > 0,
            PrefixReuse = (PrefixReuse)random.Next(3),
        };
        KvSchedulingOptions options = new() { MaxRunningRequests = 2 + random.Next(12), PrefillChunkTokens = 1 + random.Next(16), MaxParkedSequences = random.Next(5), Policy = policy };
        options.Wait.PaperExact = options.NestedWait.PaperExact = true;
        options.NestedWait.StrictPrefix = strict;
        options.Wait.ProgressAfter = TimeSpan.FromSeconds(1);
        for (int i = 1; i <= 3; i++)
        {
            options.Wait.Types.Add(new WaitTypeOptions { PromptTokens = i * 8, OutputTokens = i * 6, Threshold = 1 + random.Next(3) });
            options.NestedWait.Segments.Add(new NestedSegmentOptions { EndTokens = i * 5, Threshold = 1 + random.Next(3) });
        }

        return new SchedulerFuzz(seed, engine, options, policy, withFaults: false);
    }

    internal static SchedulerFuzz Create(int seed, string? only = null, int shortness = 1)
    {
        var random = new Random(seed * 7919);
        int block = new[] { 1, 4, 16 }[seed % 3];
        HoldSupport hold = (seed / 3) % 3 == 0 ? HoldSupport.None : HoldSupport.Free;
        var engine = new EngineDescription
        {
            EngineName = "test",
            ModelId = "test",
            BlockTokens = block,
            KvCapacityTokens = block * (8 + random.Next(24)) * (block == 1 ? 6 : 1),
            MaxSequences = 3 + random.Next(10),
            MaxContextTokens = 4096,
            MaxStepTokens = 4 + random.Next(40),
            VocabularySize = 2000,
            Hold = hold,
            SupportsChunkedPrefill = random.Next(3) > 0,
            PrefixReuse = (PrefixReuse)random.Next(3),
        };
        var options = new KvSchedulingOptions
        {
            Reservation = seed % 2 == 0 ? KvReservation.Guaranteed : KvReservation.Predicted,
            MaxRunningRequests = 2 + random.Next(12),
            PrefillChunkTokens = 1 + random.Next(16),
            MaxPartialPrefills = 1 + random.Next(3),
            Backfill = random.Next(4) > 0,
            BackfillWindow = 1 + random.Next(16),
            MaxOvertakes = random.Next(8),
            PromoteAfter = random.Next(3) == 0 ? null : TimeSpan.FromSeconds(20 + random.Next(200)),
            QueueTimeout = random.Next(4) == 0 ? TimeSpan.FromSeconds(300) : null,
            SortedFExactLimit = random.Next(2) * 12,
            MaxParkedSequences = random.Next(5),
            EvictionCooldownSteps = 1 + random.Next(8),
            LengthEstimation = new LengthEstimationOptions { Quantile = 0.5, MinSamples = 5, HistorySize = 50 },
            Wait = new WaitOptions
            {
                CycleSteps = 1 + random.Next(200),
                MaxHold = TimeSpan.FromSeconds(random.Next(20)),
                BypassBelow = 1 + random.Next(3),
                WarmUpCompletions = 20,
                RefitInterval = TimeSpan.FromSeconds(30),
            },
        };
        int extras = seed % 5;
        options.Fairness = extras is 1 or 2 ? TenantFairness.VirtualTokenCounter : TenantFairness.None;
        options.TenantWeights["b"] = 2;
        options.PriorityAgeing = extras is 2 or 3 ? TimeSpan.FromSeconds(25) : null;
        string policy = only ?? Policies.All[random.Next(Policies.All.Length)];
        return new SchedulerFuzz(seed, engine, options, policy, withFaults: seed % 4 < 2) { Shortness = shortness };
    }
}
