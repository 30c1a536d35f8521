using KvScheduling.Baselines;

namespace KvScheduling.Tool.Tests;

/// <summary>Where the schedulers of .NET libraries break, where ours ties with them, and where it loses.</summary>
public sealed class RivalCaseTests
{
    private const string Ours = SchedulingPolicies.Adaptive;

    [Fact]
    public void LongPrompts_StrictLines_MakeShortOnesWait()
    {
        double ours = Mean(RivalCase.LongPrompts, Ours);
        Assert.All(
            (string[])[BaselinePolicies.TensorSharp, BaselinePolicies.DotLlm, BaselinePolicies.DotLlmSfq, BaselinePolicies.AiDotNet, BaselinePolicies.Foundry],
            policy => Assert.True(Mean(RivalCase.LongPrompts, policy) > 1.3 * ours, policy));

        // A tie: there later requests pass a blocked head too, without a promise to it.
        Assert.InRange(Mean(RivalCase.LongPrompts, BaselinePolicies.GenAIDecodeFirst) / ours, 0.9, 1.1);
        AssertSlots(RivalCase.LongPrompts);
    }

    [Fact]
    public void Growth_OptimisticAdmission_RecomputesOrFails()
    {
        RivalFigures ours = Run(RivalCase.Growth, Ours);
        Assert.Equal(0, ours.NotServed);
        Assert.True(Run(RivalCase.Growth, BaselinePolicies.GenAIDecodeFirst).Result.RecomputedShare > 3 * ours.Result.RecomputedShare);
        Assert.All((string[])[BaselinePolicies.DotLlm, BaselinePolicies.DotLlmSfq, BaselinePolicies.Foundry], policy => Assert.True(Run(RivalCase.Growth, policy).Result.Failed > 0, policy));

        // Where few run, computing again is cheaper than reserving to everybody's end: nobody waits longer than where everything starts at once.
        Assert.True(ours.FirstToken.Mean < 1.1 * Run(RivalCase.Growth, BaselinePolicies.TensorSharp).FirstToken.Mean);
    }

    [Fact]
    public void HighLimits_ReservingTheLimit_ServesAFraction()
    {
        RivalFigures ours = Run(RivalCase.HighLimits, Ours);
        Assert.True(ours.Served > 0.95);
        Assert.True(Run(RivalCase.HighLimits, BaselinePolicies.AiDotNet).Served < 0.8);
        Assert.True(Run(RivalCase.HighLimits, BaselinePolicies.Pool).NotServed > 200);

        // What it costs: until it has seen three outputs, ours reserves the limit too, and those that charge the prompt only are a little faster.
        TimeSpan promptOnly = Run(RivalCase.HighLimits, BaselinePolicies.TensorSharp).FirstToken.Mean;
        Assert.InRange(ours.FirstToken.Mean, promptOnly, 1.3 * promptOnly);
    }

    [Fact]
    public void Bimodal_ArrivalOrder_MakesShortOnesWaitBehindLongOnes()
    {
        RivalFigures ours = Run(RivalCase.Bimodal, Ours);
        Assert.All(
            BaselinePolicies.DotNet.Where(static policy => policy != BaselinePolicies.Pool),
            policy => Assert.True(Run(RivalCase.Bimodal, policy).FirstToken.Mean > 1.5 * ours.FirstToken.Mean, policy));
        Assert.True(Run(RivalCase.Bimodal, BaselinePolicies.Pool).NotServed > 200);
    }

    [Fact]
    public void Flood_WithoutShares_TheQuietTenantWaitsBehindTheLoudOne()
    {
        RivalFigures ours = Run(RivalCase.Flood, Ours);
        Assert.True(ours.FirstToken.Quantile(0.99) < TimeSpan.FromSeconds(2));
        Assert.All(
            BaselinePolicies.DotNet.Where(static policy => policy != BaselinePolicies.DotLlmSfq),
            policy => Assert.True(Run(RivalCase.Flood, policy).FirstToken.Mean > 20 * ours.FirstToken.Mean, policy));

        // A tie with start-time fair tags.
        Assert.InRange(Run(RivalCase.Flood, BaselinePolicies.DotLlmSfq).FirstToken.Mean / ours.FirstToken.Mean, 0.7, 1.3);
    }

    [Fact]
    public void HighTier_StrictPriorities_StarveTheLowOne()
    {
        TimeSpan ours = Run(RivalCase.HighTier, Ours).FirstToken.Mean;
        Assert.True(Run(RivalCase.HighTier, BaselinePolicies.DotLlmSfq).FirstToken.Mean > 3 * ours);
        Assert.True(Run(RivalCase.HighTier, BaselinePolicies.AiDotNet).FirstToken.Mean > 5 * ours);

        // A tie with those that know no priorities: above saturation promotion makes the order that of arrival.
        Assert.InRange(Run(RivalCase.HighTier, BaselinePolicies.TensorSharp).FirstToken.Mean / ours, 0.8, 1.1);
    }

    [Fact]
    public void Overload_UnboundedLines_ServeNearlyNobodyInTime()
    {
        RivalFigures ours = Run(RivalCase.Overload, Ours);
        Assert.All(BaselinePolicies.DotNet, policy => Assert.True(Run(RivalCase.Overload, policy).Served < ours.Served, policy));
        Assert.All(BaselinePolicies.DotNet, policy => Assert.True(Run(RivalCase.Overload, policy).Result.Waiting.Max > 2 * ours.Result.Waiting.Max, policy));
        Assert.True(Run(RivalCase.Overload, SchedulingPolicies.SmallestVolumeFirst).Served > 1.5 * ours.Served);
    }

    [Fact]
    public void Impatient_CallersWhoLeave_NeverReachTheEngine()
    {
        RivalFigures ours = Run(RivalCase.Impatient, Ours);
        Assert.Equal(ours.NotServed, ours.Result.Cancelled);
        Assert.True(ours.NotServed > 0);
        Assert.InRange(Mean(RivalCase.Impatient, BaselinePolicies.TensorSharp) / Mean(RivalCase.Impatient, Ours), 0.9, 1.1);
        Assert.True(Run(RivalCase.Impatient, BaselinePolicies.AiDotNet).NotServed > 5 * ours.NotServed);
        AssertSlots(RivalCase.Impatient);
    }

    [Fact]
    public void Light_EqualSizes_AllTieButTheLock()
    {
        TimeSpan ours = Run(RivalCase.Light, Ours).Latency.Mean;
        Assert.All(
            BaselinePolicies.DotNet.Where(static policy => policy != BaselinePolicies.Lock),
            policy => Assert.InRange(Run(RivalCase.Light, policy).Latency.Mean / ours, 0.99, 1.01));
        Assert.True(Run(RivalCase.Light, BaselinePolicies.Lock).Latency.Mean > 1.5 * ours);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Fairness_OneTenantFloods_TheQuietOneHasItsShare(double quietRate)
    {
        var fairness = new FairnessCase(quietRate);
        FairnessFigures[] figures = [.. FairnessChoice.All.Select(choice => fairness.Run(choice, seed: 1))];
        Assert.All(figures, figure => Assert.Equal(figure.Choice.Policy == BaselinePolicies.DotLlmSfq || figure.Choice.Fairness != TenantFairness.None, figure.OfShare <= 1.2));
        FairnessFigures counters = Assert.Single(figures, static figure => figure.Choice.Label == "fcfs+vtc");
        FairnessFigures tags = Assert.Single(figures, static figure => figure.Choice.Label == BaselinePolicies.DotLlmSfq);
        Assert.InRange(tags.Quiet.Quantile(0.99) / counters.Quiet.Quantile(0.99), 0.9, 1.1);

        // At full speed half an engine is not what a share of a whole one can be: its steps also compute the flood.
        Assert.True(counters.OfAlone > 1.2);
    }

    [Fact]
    public async Task BenchRivals_OneCase_PrintsARowPerPolicy()
    {
        using var tool = new ToolRun();
        Assert.Equal(0, await tool.RunAsync("bench", "rivals", "--cases", "light", "--policies", "adaptive,lock", "--format", "json"));
        Assert.Equal(["adaptive", "lock"], tool.Json.GetProperty("runs").EnumerateArray().Select(static row => row.GetProperty("policy").GetString()));
        Assert.Equal(2, await tool.RunAsync("bench", "rivals", "--cases", "dark"));
        Assert.Contains("Known cases: long-prompts", tool.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Simulate_Baselines_RunBesideOurPolicies()
    {
        using var tool = new ToolRun();
        Assert.Equal(0, await tool.RunAsync("simulate", "--workload", "chat", "--count", "50", "--rate", "5", "--kv-tokens", "8000", "--policies", "fcfs,VLLM,sarathi", "--format", "csv"));
        Assert.Contains("\nvllm,", tool.Output, StringComparison.Ordinal);
        Assert.Equal(2, await tool.RunAsync("simulate", "--workload", "chat", "--kv-tokens", "8000", "--policies", "guess"));
        Assert.Contains("tensorrt-llm", tool.Error, StringComparison.Ordinal);
        Assert.Contains("sorted-f", tool.Error, StringComparison.Ordinal);
    }

    private static void AssertSlots(RivalCase rivalCase)
    {
        // Everybody serves somebody, and a lock serves nearly nobody in time.
        Assert.True(Run(rivalCase, BaselinePolicies.Lock).Served < 0.1);
        Assert.True(Run(rivalCase, BaselinePolicies.Pool).NotServed > 50);
    }

    private static double Mean(RivalCase rivalCase, string policy) => Run(rivalCase, policy).FirstToken.Mean.TotalSeconds;

    private static RivalFigures Run(RivalCase rivalCase, string policy) => RivalFigures.Run(rivalCase, policy, seed: 1);
}
