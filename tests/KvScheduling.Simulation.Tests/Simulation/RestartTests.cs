using System.Text;
using FsCheck;
using FsCheck.Fluent;

namespace KvScheduling.Simulation.Tests;

/// <summary>Evicted requests that lose everything.</summary>
public sealed class RestartTests
{
    /// <summary>Both grow to 8 of 16 tokens; the second gives way then, and finds room when the first has ended.</summary>
    private static readonly WorkloadRequest[] Two =
        [.. Enumerable.Repeat(Requests.Of(4, 8) with { ExpectedOutputTokens = 2, MaxOutputTokens = 8 }, 2)];

    [Theory]
    [InlineData(EvictionMode.Recompute, 12, 1)]
    [InlineData(EvictionMode.Restart, 16, 9)]
    public void Run_OneOfTwoIsEvicted_TakesWhatTheModeSays(EvictionMode eviction, int makespan, int firstToken)
    {
        SimulationResult result = Simulator.Run("fcfs", Two, Settings(16, eviction));
        RequestTimes evicted = result.Requests[1]!.Value;
        Assert.Equal(TimeSpan.FromSeconds(makespan), result.Makespan);
        Assert.Equal(TimeSpan.FromSeconds(firstToken), evicted.TimeToFirstToken);
        Assert.Equal(TimeSpan.Zero, evicted.QueueTime);
        Assert.Equal((1, 8, 7), (evicted.Evictions, evicted.OutputTokens, evicted.RecomputedTokens));
        Assert.Equal(16, result.OutputTokens);
        Assert.Equal(7 / 29.0, result.RecomputedShare, 1e-12);
    }

    [Fact]
    public void Run_AnyPolicyAndTightPool_EverybodyCompletesWithinTheBudget()
    {
        Prop.ForAll(ArbMap.Default.ArbFor<int>(), static seed =>
        {
            var random = new Random(seed);
            WorkloadRequest[] requests = [.. SyntheticWorkload.Draw(RequestMixes.Get("chat"), ArrivalProcess.Poisson(0.5 + random.NextDouble()), 40, seed)
                .Select(static request => request with { PromptTokens = Math.Min(request.PromptTokens, 200), OutputTokens = Math.Min(request.OutputTokens, 200) })];
            string policy = Simulator.Policies[random.Next(Simulator.Policies.Count)];
            SimulationSettings settings = Settings(400 + random.Next(2000), EvictionMode.Restart) with
            {
                BlockTokens = 1 << random.Next(5),
                OutputLengths = random.Next(2) == 0 ? OutputLengths.History : OutputLengths.Noisy(0.8),
                MaxOutputTokens = 200,
                Hold = (HoldSupport)random.Next(3),
                Configure = static options => options.LengthEstimation.MinSamples = 5,
            };
            SimulationResult result = Simulator.Run(policy, requests, settings);
            Assert.Equal(requests.Length, result.Completions);
            Assert.Equal(requests.Sum(static request => (long)request.OutputTokens), result.OutputTokens);
            Assert.Equal(requests.Select(static request => request.OutputTokens), result.Requests.Select(static times => times!.Value.OutputTokens));
            Assert.InRange(result.KvShare.Max, 0, 1);
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Run_PaperExactNestedWait_BeginsAgainInTheEntryQueue()
    {
        SimulationResult result = Nested(80, EvictionMode.Restart, second: 1);
        Assert.Equal(60, result.Completions);
        Assert.True(result.Evictions > 0);
        Assert.Equal(result.OutputTokens, Nested(80, EvictionMode.Recompute, second: 1).OutputTokens);
    }

    [Fact]
    public void Run_RequestsThatTakeEachOthersProgress_EndsWithTheFix()
    {
        Assert.Equal(60, Nested(80, EvictionMode.Recompute).Completions);
        WorkloadException error = Assert.Throws<WorkloadException>(() => Nested(80, EvictionMode.Restart));
        Assert.Contains("Raise the KV budget", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(EvictionMode.Recompute)]
    [InlineData(EvictionMode.Restart)]
    public void Run_DecisionLog_NamesTheModeAndReplaysEqual(EvictionMode eviction)
    {
        using var log = new MemoryStream();
        SimulationResult result = Simulator.Run("svf", Two, Settings(16, eviction) with { DecisionLog = log });
        Assert.Equal(1, result.Evictions);
        string header = Encoding.UTF8.GetString(log.ToArray()).Split('\n')[0];
        Assert.Equal(eviction == EvictionMode.Restart, header.Contains("\"RestartsEvicted\":true", StringComparison.Ordinal));
        log.Position = 0;
        ReplayResult replay = DecisionLog.Replay(log);
        Assert.True(replay.IsEqual, replay.Difference?.ToString() ?? replay.Incomplete);
    }

    [Fact]
    public void Run_UnknownMode_IsRefused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Simulator.Run("fcfs", Two, Settings(16, (EvictionMode)7)));

    /// <summary>Those that stand before the second segment give way to those that enter the first.</summary>
    private static SimulationResult Nested(long kvTokens, EvictionMode eviction, int second = 3)
    {
        IEnumerable<WorkloadRequest> requests = Enumerable.Range(0, 60).Select(static index => Requests.Of(10, 4 + (index % 5 * 4), index / 2));
        SimulationSettings settings = Settings(kvTokens, eviction) with
        {
            OutputLengths = OutputLengths.History,
            MaxOutputTokens = 40,
            Configure = options =>
            {
                options.NestedWait.PaperExact = true;
                options.Wait.ProgressAfter = TimeSpan.FromSeconds(5);
                options.NestedWait.Segments.Add(new NestedSegmentOptions { EndTokens = 4, Threshold = 2 });
                options.NestedWait.Segments.Add(new NestedSegmentOptions { EndTokens = 40, Threshold = second });
            },
        };
        return Simulator.Run("nested-wait", requests, settings);
    }

    private static SimulationSettings Settings(long kvTokens, EvictionMode eviction) =>
        new() { KvTokens = kvTokens, Eviction = eviction, KeepRequests = true, CheckInvariants = true };
}
