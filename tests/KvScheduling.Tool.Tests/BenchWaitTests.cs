using System.Text.Json;
using KvScheduling.Simulation;

namespace KvScheduling.Tool.Tests;

/// <summary><c>kvsched bench wait</c>: what it prints, and what its parts say.</summary>
public sealed class BenchWaitTests : IDisposable
{
    private static readonly SimulationSettings Caps = new()
    {
        KvTokens = 137_000,
        BlockTokens = 16,
        MaxRunningRequests = 128,
        MaxStepTokens = 512,
        PrefillChunkTokens = 512,
        CostModel = Llama2A100CostModel.Instance,
    };

    private readonly ToolRun _tool = new();

    public void Dispose() => _tool.Dispose();

    [Fact]
    public async Task BenchWait_TwoSeeds_PrintsEveryFigureOfEveryPolicy()
    {
        string[] args = ["bench", "wait", "--workloads", "p512d20", "--rates", "10,60", "--seeds", "2", "--requests", "200", "--policies", "sarathi,vllm-v0,wait,wait+exact,nested-wait+exact"];
        Assert.Equal(0, await _tool.RunAsync([.. args, "--format", "json"]));
        Assert.Equal("sarathi", _tool.Json.GetProperty("baseline").GetString());
        Assert.Equal(128, _tool.Json.GetProperty("max_running").GetInt32());
        JsonElement[] runs = [.. _tool.Json.GetProperty("runs").EnumerateArray()];
        Assert.Equal(
            ["10 sarathi history", "10 vllm-v0 history", "10 wait known", "10 wait+exact known", "10 nested-wait+exact history"],
            runs.Take(5).Select(static run => $"{run.GetProperty("rate")} {run.GetProperty("policy").GetString()} {run.GetProperty("output_lengths").GetString()}"));
        foreach (JsonElement run in runs)
        {
            Assert.Equal("p512d20", run.GetProperty("workload").GetString());
            Assert.Equal(0, run.GetProperty("unfinished").GetInt64());
            foreach (string figure in (string[])["mean", "ttft", "p99"])
            {
                Assert.True(run.GetProperty(figure).GetDouble() > 0, figure);
                Assert.True(run.GetProperty(figure + "_ci95").GetDouble() >= 0, figure);
            }

            Assert.True(run.GetProperty("ttft").GetDouble() < run.GetProperty("mean").GetDouble());
            Assert.True(run.GetProperty("mean").GetDouble() <= run.GetProperty("p99").GetDouble());
            Assert.InRange(run.GetProperty("kept_up").GetInt32(), 0, 2);
        }

        // The baseline is as good as itself, and twice what can be computed is not kept up with.
        Assert.All(runs.Where(static run => run.GetProperty("policy").GetString() == "sarathi"), static run => Assert.Equal(0, run.GetProperty("difference").GetDouble()));
        Assert.Equal([1, 0], runs.Where(static run => run.GetProperty("policy").GetString() == "wait").Select(static run => run.GetProperty("stable").GetInt32()));
        JsonElement workload = Assert.Single(_tool.Json.GetProperty("workloads").EnumerateArray());
        Assert.Equal(10, workload.GetProperty("stable_rate").GetProperty("sarathi").GetDouble());
        Assert.InRange(workload.GetProperty("fluid_rate_computing").GetDouble(), 28, 32);
    }

    [Fact]
    public async Task BenchWait_Markdown_HasATablePerMeasureAndEqualPoliciesShareARow()
    {
        Assert.Equal(0, await _tool.RunAsync(
            "bench", "wait", "--workloads", "p512d20", "--rates", "8", "--seeds", "2", "--requests", "100", "--policies", "sarathi,fcfs,wait+exact", "--format", "markdown"));
        Assert.Contains("| policy | lengths | p512d20 |", _tool.Output, StringComparison.Ordinal);
        Assert.Contains("| KV budget | 29.", _tool.Output, StringComparison.Ordinal);
        Assert.Contains("p512d20: mean latency:", _tool.Output, StringComparison.Ordinal);
        Assert.Contains("| sarathi, fcfs | 0.", _tool.Output, StringComparison.Ordinal);
        Assert.Contains("| fcfs | 0.0 ± 0.0 |", _tool.Output, StringComparison.Ordinal);
        Assert.Contains("p512d20: mean TTFT:", _tool.Output, StringComparison.Ordinal);
        Assert.Contains("p512d20: p99 of latency:", _tool.Output, StringComparison.Ordinal);
        Assert.Contains("| wait+exact | 1 / 10,430 / 20 |", _tool.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task BenchWait_OneSeed_HasNoInterval()
    {
        Assert.Equal(0, await _tool.RunAsync("bench", "wait", "--workloads", "p512d20", "--rates", "8", "--seeds", "1", "--requests", "100", "--policies", "fcfs", "--format", "json"));
        Assert.All(_tool.Json.GetProperty("runs").EnumerateArray(), static run => Assert.Equal(JsonValueKind.Null, run.GetProperty("mean_ci95").ValueKind));
    }

    [Fact]
    public async Task BenchWait_InterruptedOnTheWay_EndsWithCode130()
    {
        using var interrupt = new CancellationTokenSource(TimeSpan.FromMilliseconds(300));
        using var output = new StringWriter();
        using var error = new StringWriter();
        using var console = new ToolConsole(output, error, isInteractive: false);
        Assert.Equal(KvschedCommand.Interrupted, await KvschedCommand.RunAsync(["bench", "wait"], console, interrupt.Token));
        Assert.Empty(output.ToString());
    }

    [Theory]
    [InlineData("no workload named 'p1'. Known workloads: p512d20,", "--workloads", "p1")]
    [InlineData("--seeds must be at least 1, but is 0", "--seeds", "0")]
    [InlineData("--requests must be at least 10, but is 3", "--requests", "3")]
    [InlineData("--rates must be above 0, but is 'x'", "--rates", "12,x")]
    [InlineData("no policy named 'fcfs+exact'", "--policies", "fcfs+exact")]
    [InlineData("no policy named 'lifo'. Known policies: adaptive,", "--baseline", "lifo")]
    [InlineData("--policies names none", "--policies", ",")]
    [InlineData("--block-size 16 is larger than --kv-tokens 8", "--kv-tokens", "8")]
    [InlineData("--cost-model: 'fast' is no cost model", "--cost-model", "fast")]
    [InlineData("Give a d0 above 0", "--cost-model", "linear:0,1,1,0")]
    public async Task BenchWait_WrongInput_EndsWithCode2AndTheFix(string message, params string[] args)
    {
        Assert.Equal(2, await _tool.RunAsync(["bench", "wait", .. args]));
        Assert.Contains(message, _tool.Error, StringComparison.Ordinal);
        Assert.Empty(_tool.Output);
    }

    [Fact]
    public void LinearCost_LinearModel_IsTheModel()
    {
        FluidCost cost = LinearCost.Of(Caps with { CostModel = new LinearCostModel(8, 0.06, 0.07, 3e-4) });
        Assert.Equal(8e-3, cost.BaseSeconds, 1e-6);
        Assert.Equal(6e-5, cost.SecondsPerPrefillToken, 1e-8);
        Assert.Equal(3e-7, cost.SecondsPerKvToken, 1e-9);

        // The token that a row computes counts as KV in the fluid model.
        Assert.Equal(7e-5 - 3e-7, cost.SecondsPerDecodeRow, 1e-8);
    }

    [Fact]
    public void ForWait_TwoTypes_HaveTheThresholdsOfTheIntegerRule()
    {
        WaitWorkload workload = WaitWorkload.Get("p512d20-d50");
        FluidCost cost = LinearCost.Of(Caps);
        (IReadOnlyList<WaitTypeOptions> types, ThresholdNeed need) = new ExactThresholds(workload.Sample, 22, cost, Caps).ForWait();
        Assert.Equal([(512, 20), (512, 50)], types.Select(static type => (type.PromptTokens, type.OutputTokens)));
        double share = workload.Sample.Count(static request => request.OutputTokens == 20) / (double)workload.Sample.Count;
        Assert.InRange(share, 0.69, 0.71);
        WaitThresholds expected = WaitThresholds.Select([FluidType.Of(22 * share, 512, 19), FluidType.Of(22 * (1 - share), 512, 49)], cost, Caps.KvTokens, 0.1);
        Assert.Equal(expected.Thresholds, types.Select(static type => type.Threshold));
        Assert.Equal(expected.KvTokens, need.KvTokens, 1e-6);
        Assert.Equal(types.Sum(static type => type.Threshold * type.OutputTokens), need.Requests);
        Assert.True(need.IsMet);
    }

    [Fact]
    public void ForWait_SpreadLengths_AreCutAtTheMediansAndCoverEverybody()
    {
        WaitWorkload workload = WaitWorkload.Get("lmsys-words");
        (IReadOnlyList<WaitTypeOptions> types, ThresholdNeed need) = new ExactThresholds(workload.Sample, 20, LinearCost.Of(Caps), Caps).ForWait();
        Assert.Equal(4, types.Count);
        Assert.All(workload.Sample, request => Assert.Contains(types, type => request.PromptTokens <= type.PromptTokens && request.OutputTokens <= type.OutputTokens));

        // One request at each of some hundred stages is more than 128 running requests.
        Assert.False(need.IsMet);
        Assert.StartsWith("(1, 1, 1, 1 / ", need.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void ForNestedWait_TwoOutputLengths_EndWithThemAndKeepTheDrift()
    {
        WaitWorkload workload = WaitWorkload.Get("p10d10-d20");
        FluidCost cost = LinearCost.Of(Caps);
        (IReadOnlyList<NestedSegmentOptions> segments, ThresholdNeed need) = new ExactThresholds(workload.Sample, 200, cost, Caps).ForNestedWait();
        Assert.Equal([10, 20], segments.Select(static segment => segment.EndTokens));
        (int first, int second) = (segments[0].Threshold, segments[1].Threshold);

        // ΔT(n) (1 + ε) ≤ n_1 / Λ with every stage full, and no smaller n_1 does it; half go on.
        Assert.True(Iteration(first, second) * 1.1 <= first / 200.0);
        Assert.True(Iteration(first - 1, (int)Math.Ceiling((first - 1) * 0.55)) * 1.1 > (first - 1) / 200.0);
        Assert.InRange(second, 0.5 * first, first);
        Assert.Equal((10L * first) + (10L * second), need.Requests);
        Assert.True(need.IsMet);

        double Iteration(int one, int two)
        {
            double upToFirst = cost.SecondsOf(FluidWork.Of(10, 9));
            return cost.BaseSeconds + (one * upToFirst) + (two * (cost.SecondsOf(FluidWork.Of(10, 19)) - upToFirst));
        }
    }

    [Fact]
    public void FluidRates_CapsThatBind_AreBelowComputing()
    {
        var rates = FluidRates.Of(WaitWorkload.Get("p512d1000"), Caps);
        Assert.True(rates.Memory < rates.Computing && rates.Running < rates.Computing && rates.StepTokens < rates.Computing);

        // At that rate as many run as may: λ · stages · d0 / (1 − λw) = 128.
        FluidCost cost = LinearCost.Of(Caps);
        Assert.Equal(128, rates.Running * 1000 * cost.BaseSeconds / (1 - (rates.Running * cost.SecondsOf(FluidWork.Of(512, 999)))), 1e-6);
        FluidEquilibrium full = FluidEquilibrium.Solve([FluidType.Of(rates.Memory, 512, 999)], cost, Caps.KvTokens);
        Assert.Equal(Caps.KvTokens, full.KvTokens, 1e-3);
    }

    [Fact]
    public void Of_LatenciesThatGrow_DoNotKeepUp()
    {
        WorkloadRequest[] stream = WaitWorkload.Get("p512d20").Draw(60, seed: 1)[..600];
        WaitRun overloaded = WaitRun.Of(Simulator.Run("fcfs", stream, Caps with { KeepRequests = true }));
        WaitRun light = WaitRun.Of(Simulator.Run("fcfs", stream.Select(static request => request with { Arrival = request.Arrival * 10 }), Caps with { KeepRequests = true }));
        Assert.False(overloaded.KeepsUp);
        Assert.True(light.KeepsUp);
        Assert.True(light.FirstToken < light.Mean && light.Mean <= light.Tail);
        Assert.Equal((0, 0), (light.Unfinished, light.Evictions));
    }

    [Fact]
    public void Of_FirstAndLastTenth_AreLeftOut()
    {
        // One request runs at a time: those in the middle, 100 tokens of output each, are alone in the window.
        WorkloadRequest[] stream = [.. Enumerable.Range(0, 50).Select(static i => new WorkloadRequest(TimeSpan.FromSeconds(1000 * i), 1, i is >= 5 and < 45 ? 100 : 900))];
        WaitRun run = WaitRun.Of(Simulator.Run("fcfs", stream, new SimulationSettings { KvTokens = 2000, KeepRequests = true }));
        Assert.Equal(100, run.Mean, 1e-9);
        Assert.Equal(100, run.Tail, 1e-9);
        Assert.Equal(1, run.FirstToken, 1e-9);
    }

    [Fact]
    public void Mix_LmsysWords_HasTheMomentsOfTheSample()
    {
        IReadOnlyList<WorkloadRequest> sample = WaitWorkload.Get("lmsys-words").Sample;
        Assert.Equal(58.5, sample.Average(static request => request.PromptTokens), 1.5);
        Assert.Equal(147.3, sample.Average(static request => request.OutputTokens), 1.5);
        Assert.InRange(sample.Count(static request => request.PromptTokens <= 21) / (double)sample.Count, 0.48, 0.53);
        Assert.InRange(sample.Count(static request => request.OutputTokens <= 117) / (double)sample.Count, 0.48, 0.53);
        Assert.Equal(499, sample.Max(static request => request.OutputTokens));
    }
}
