using KvScheduling.ManagedEngine;

namespace KvScheduling.Live.Tests;

/// <summary>The simulator decides what the live loop decides. Times are no part of this: only what does not depend on a clock.</summary>
public sealed class TruthTests
{
    [Theory]
    [InlineData(SchedulingPolicies.Fcfs)]
    [InlineData(SchedulingPolicies.SortedF)]
    [InlineData(SchedulingPolicies.SmallestVolumeFirst)]
    public async Task Run_SameRequestsOnTheManagedEngineAndInTheSimulator_CompletionsEvictionsAndKvAreEqual(string policy)
    {
        LiveRequest[] requests = LiveWorkload.Draw(200, null, seed: 7);
        TruthResult truth = await TruthRun.RunAsync(Engine, policy, requests, new LiveCaps(KvTokens: 1024), rounds: 2, CancellationToken.None);
        Assert.Equal(201, truth.Live.Completions.Count);
        Assert.True(truth.Live.Evictions.Count > 5);
        Assert.True(truth.SameCompletions);
        Assert.True(truth.SameEvictions);
        Assert.True(truth.SameKv);
        Assert.True(truth.IsReplayed);
    }

    [Fact]
    public async Task Run_OtherRequests_AreTold()
    {
        var caps = new LiveCaps(KvTokens: 1024);
        TruthResult one = await TruthRun.RunAsync(Engine, SchedulingPolicies.Fcfs, LiveWorkload.Draw(30, null, seed: 1), caps, rounds: 1, CancellationToken.None);
        TruthResult other = await TruthRun.RunAsync(Engine, SchedulingPolicies.Fcfs, LiveWorkload.Draw(30, null, seed: 2), caps, rounds: 1, CancellationToken.None);
        Assert.True(one.SameDecisions && other.SameDecisions);
        Assert.NotEqual(one.Live.KvTokens, other.Live.KvTokens);
        Assert.NotEqual(one.Live.Completions, other.Live.Completions);
    }

    private static IInferenceEngine Engine() =>
        KvScheduling.ManagedEngine.ManagedEngine.Load(Path.Combine(AppContext.BaseDirectory, "models", "tiny-chat"), new ManagedEngineOptions { KvCapacityTokens = 8192 });
}
