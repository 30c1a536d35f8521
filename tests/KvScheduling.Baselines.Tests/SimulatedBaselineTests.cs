using KvScheduling.Simulation;

namespace KvScheduling.Baselines.Tests;

/// <summary>Baselines in the simulator, against what is known of them.</summary>
public sealed class SimulatedBaselineTests
{
    public static TheoryData<string> Names => [.. BaselinePolicies.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void Run_TightPool_EverybodyEndsAndTheBudgetHolds(string policy)
    {
        WorkloadRequest[] requests = [.. SyntheticWorkload.Draw(RequestMixes.Get("chat-docs"), ArrivalProcess.Poisson(2), 300, seed: 1)];
        SimulationResult result = Run(policy, requests, OutputLengths.History);
        Assert.Equal(requests.Length, result.Completions + result.Refused + result.Failed);
        Assert.True(result.Completions > 10);
        Assert.InRange(result.KvShare.Max, 0.2, 1);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Run_TightPoolWhereEvictedRequestsBeginAgain_EverybodyEndsWithAllTokens(string policy)
    {
        WorkloadRequest[] requests = [.. SyntheticWorkload.Draw(RequestMixes.Get("chat"), ArrivalProcess.Poisson(2), 200, seed: 3)];
        SimulationSettings settings = Settings(OutputLengths.History) with { KvTokens = 6_000, Eviction = EvictionMode.Restart, CheckInvariants = true, KeepRequests = true };
        SimulationResult result = Simulator.Run(policy, requests, settings);
        Assert.Equal(requests.Length, result.Completions + result.Refused + result.Failed);
        Assert.All(result.Requests.Zip(requests), static pair => Assert.Equal(pair.Second.OutputTokens, pair.First?.OutputTokens ?? pair.Second.OutputTokens));
        Assert.InRange(result.KvShare.Max, 0, 1);
        Assert.True(result.Evictions > 0 || policy is not (BaselinePolicies.Vllm or BaselinePolicies.Sarathi or BaselinePolicies.TensorSharp or BaselinePolicies.GenAIDecodeFirst));
    }

    [Fact]
    public void Run_UnknownLengthsNearSaturation_OursHasLessThanHalfOfTheMeanOfVllm()
    {
        (WorkloadRequest[] requests, SimulationSettings settings) = Stream("chat-docs", kvTokens: 60_000, load: 0.95, count: 4000);
        SimulationResult vllm = Simulator.Run(BaselinePolicies.Vllm, requests, settings);
        SimulationResult ours = Simulator.Run(SchedulingPolicies.Adaptive, requests, settings);
        Assert.True(ours.Latency.Mean < 0.5 * vllm.Latency.Mean, $"{ours.Latency.Mean} against {vllm.Latency.Mean}");
        Assert.True(ours.Evictions < 0.5 * vllm.Evictions, $"{ours.Evictions} against {vllm.Evictions}");
    }

    [Theory]
    [InlineData("chat", 16_000, 0.7)]
    [InlineData("chat", 16_000, 0.95)]
    [InlineData("chat", 8_000, 0.95)]
    [InlineData("chat-docs", 16_000, 0.7)]
    [InlineData("chat-docs", 16_000, 0.95)]
    [InlineData("lmsys", 4_000, 0.7)]
    [InlineData("lmsys", 4_000, 0.95)]
    public void Run_UnknownLengthsInASmallPool_OursIsNeverFarBehindVllm(string mix, int kvTokens, double load)
    {
        (WorkloadRequest[] requests, SimulationSettings settings) = Stream(mix, kvTokens, load, count: 1500);
        TimeSpan vllm = Simulator.Run(BaselinePolicies.Vllm, requests, settings).Latency.Mean;
        TimeSpan ours = Simulator.Run(SchedulingPolicies.Adaptive, requests, settings).Latency.Mean;
        Assert.True(ours < 1.1 * vllm, $"{ours} against {vllm}");
    }

    [Theory]
    [InlineData("chat", 16_000)]
    [InlineData("chat", 60_000)]
    [InlineData("uniform", 20_000)]
    public void Run_FirstRequestsOfUnknownLengths_WaitHardlyLongerThanWithKnownOnes(string mix, int kvTokens)
    {
        TimeSpan known = default;
        TimeSpan unknown = default;
        for (int seed = 1; seed <= 4; seed++)
        {
            (WorkloadRequest[] requests, SimulationSettings settings) = Stream(mix, kvTokens, load: 0.95, count: 200, seed);
            known += Simulator.Run(SchedulingPolicies.Adaptive, requests, settings with { OutputLengths = OutputLengths.Known }).Latency.Mean;
            unknown += Simulator.Run(SchedulingPolicies.Adaptive, requests, settings).Latency.Mean;
        }

        Assert.True(unknown < 1.1 * known, $"{unknown} against {known}");
    }

    [Fact]
    public void Run_UnknownPolicy_NamesBuiltInAndAdditionalOnes()
    {
        ArgumentException error = Assert.Throws<ArgumentException>(() => Run("guess", [], OutputLengths.Known));
        Assert.Contains("sarathi", error.Message, StringComparison.Ordinal);
        Assert.Contains("svf", error.Message, StringComparison.Ordinal);
    }

    /// <summary>A Poisson stream at a load, on an engine on which a step takes a second and one more for 512 prompt tokens.</summary>
    private static (WorkloadRequest[] Requests, SimulationSettings Settings) Stream(string mix, int kvTokens, double load, int count, int seed = 1)
    {
        WorkloadRequest[] requests = [.. SyntheticWorkload.Draw(RequestMixes.Get(mix), ArrivalProcess.Poisson(1), count, seed)];
        SimulationSettings settings = Settings(OutputLengths.History) with
        {
            KvTokens = kvTokens,
            CostModel = new LinearCostModel(1000, 1000.0 / 512, 0, 0),
            PrefillChunkTokens = 2048,
            Configure = static options => options.PromoteAfter = TimeSpan.FromSeconds(1000),
        };
        double scale = load / WorkloadTotals.Of(requests).Load(settings);
        return ([.. requests.Select(request => request with { Arrival = request.Arrival / scale })], settings);
    }

    private static SimulationResult Run(string policy, WorkloadRequest[] requests, OutputLengths lengths) =>
        Simulator.Run(policy, requests, Settings(lengths) with { CheckInvariants = true, MaxContextTokens = 16_384 });

    private static SimulationSettings Settings(OutputLengths lengths) => new()
    {
        KvTokens = 32_768,
        BlockTokens = 16,
        CostModel = LinearCostModel.Llama2A100,
        OutputLengths = lengths,
        MaxOutputTokens = 2000,
        AdditionalPolicies = BaselinePolicies.All,
    };
}
