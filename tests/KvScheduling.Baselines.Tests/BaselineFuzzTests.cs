namespace KvScheduling.Baselines.Tests;

/// <summary>Whatever the rules of a baseline are, the books of the scheduler hold: the KV budget, the slots, one end for every request.</summary>
public sealed class BaselineFuzzTests
{
    /// <summary>A run that never gets to a rule proves nothing about it. SGLang's share only shrinks far enough over hundreds of decodes, so its evictions have a test of their own.</summary>
    private static readonly string[] Evicts =
    [
        BaselinePolicies.Vllm, BaselinePolicies.VllmV0, BaselinePolicies.Sarathi, BaselinePolicies.TensorSharp, BaselinePolicies.DotLlmSfq, BaselinePolicies.AiDotNet,
        BaselinePolicies.GenAIDecodeFirst,
    ];

    public static TheoryData<string> Names => [.. BaselinePolicies.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void Run_RandomOperations_KeepEveryInvariant(string policy)
    {
        Dictionary<DecisionReason, int> counts = [];
        for (int seed = 1; seed <= 12; seed++)
        {
            SchedulerFuzz fuzz = Create(policy, seed);
            fuzz.Run(900);
            foreach ((DecisionReason reason, int count) in fuzz.Counts)
            {
                counts[reason] = counts.GetValueOrDefault(reason) + count;
            }
        }

        Assert.True(counts[DecisionReason.Completed] > 200);
        Assert.True(counts[DecisionReason.StartedAsHead] > 400);
        Assert.Equal(Evicts.Contains(policy), counts.GetValueOrDefault(DecisionReason.EvictedForKv) > 0);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Run_SameSeed_TakesTheSameDecisions(string policy)
    {
        SchedulerFuzz first = Create(policy, 5);
        SchedulerFuzz second = Create(policy, 5);
        first.Run(400);
        second.Run(400);
        Assert.Equal(first.Digest, second.Digest);
    }

    private static SchedulerFuzz Create(string policy, int seed)
    {
        var random = new Random(seed * 7919);
        int block = new[] { 1, 4, 16 }[seed % 3];
        var engine = new EngineDescription
        {
            EngineName = "test",
            ModelId = "test",
            BlockTokens = block,
            KvCapacityTokens = block * (8 + random.Next(24)) * (block == 1 ? 6 : 1),
            MaxSequences = 3 + random.Next(10),
            MaxContextTokens = seed % 2 == 0 ? 4096 : 64,
            MaxStepTokens = 4 + random.Next(40),
            VocabularySize = 2000,
            Hold = HoldSupport.Free,
            SupportsChunkedPrefill = random.Next(3) > 0,
            PrefixReuse = (PrefixReuse)random.Next(3),
        };
        var options = new KvSchedulingOptions
        {
            MaxRunningRequests = 2 + random.Next(12),
            PrefillChunkTokens = 1 + random.Next(16),
            MaxParkedSequences = random.Next(5),
            PromoteAfter = random.Next(2) == 0 ? null : TimeSpan.FromSeconds(20),
            LengthEstimation = new LengthEstimationOptions { MinSamples = 5, HistorySize = 50 },
            Fairness = seed % 4 == 0 ? TenantFairness.VirtualTokenCounter : TenantFairness.None,
        };
        options.TenantWeights["b"] = 2;
        return new SchedulerFuzz(seed, engine, options, Baseline.Create(policy, options, engine), withFaults: seed % 3 == 0);
    }
}
