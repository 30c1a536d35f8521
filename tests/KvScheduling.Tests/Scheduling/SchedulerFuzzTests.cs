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

    internal static SchedulerFuzz Create(int seed)
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
            LengthEstimation = new LengthEstimationOptions { MinSamples = 5, HistorySize = 50 },
        };
        string policy = Policies.All[random.Next(Policies.All.Length)];
        return new SchedulerFuzz(seed, engine, options, policy, withFaults: seed % 4 < 2);
    }
}
