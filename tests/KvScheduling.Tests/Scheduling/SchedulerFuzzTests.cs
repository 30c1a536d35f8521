namespace KvScheduling.Tests;

/// <summary>More than 100,000 random operations keep every invariant.</summary>
public sealed class SchedulerFuzzTests
{
    private const int OperationsPerSeed = 2_200;

    public static TheoryData<int> Seeds
    {
        get
        {
            TheoryData<int> seeds = [];
            for (int seed = 1; seed <= 48; seed++)
            {
                seeds.Add(seed);
            }

            return seeds;
        }
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Run_RandomOperations_KeepEveryInvariant(int seed)
    {
        SchedulerFuzz fuzz = Create(seed);
        fuzz.Run(OperationsPerSeed);
        Assert.True(fuzz.Operations >= OperationsPerSeed);
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
