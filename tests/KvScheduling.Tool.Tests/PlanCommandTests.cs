using System.Globalization;
using System.Text.Json;

namespace KvScheduling.Tool.Tests;

public sealed class PlanCommandTests : IDisposable
{
    private static readonly string[] Chat =
    [
        "--workload", "chat", "--count", "600", "--rate", "12", "--cost-model", "linear:9,0.06,0.07,0.0003", "--kv-tokens", "20000", "--block-size", "16",
    ];

    private readonly ToolRun _tool = new();

    public void Dispose() => _tool.Dispose();

    [Fact]
    public async Task Plan_Instances_AreTheFewestThatKeepTheLimit()
    {
        Assert.Equal(0, await _tool.RunAsync(["plan", .. Chat, "--slo-ttft", "1", "--format", "json"]));
        JsonElement plan = _tool.Json;
        Assert.True(plan.GetProperty("feasible").GetBoolean());
        int instances = plan.GetProperty("instances").GetInt32();
        Assert.InRange(instances, 2, 8);
        Assert.InRange(plan.GetProperty("ttft").GetDouble(), 0, 1);
        Assert.Equal(plan.GetProperty("load").GetDouble() / instances, plan.GetProperty("load_per_instance").GetDouble(), 1e-9);
        string fewer = (instances - 1).ToString(CultureInfo.InvariantCulture);
        Assert.Equal(0, await _tool.RunAsync(["plan", .. Chat, "--slo-ttft", "1", "--max-instances", fewer, "--format", "json"]));
        Assert.False(_tool.Json.GetProperty("feasible").GetBoolean());
        Assert.Equal(JsonValueKind.Null, _tool.Json.GetProperty("instances").ValueKind);
        Assert.Equal(0, await _tool.RunAsync(["plan", .. Chat, "--slo-ttft", "1", "--max-instances", fewer]));
        Assert.Contains($"No plan: {fewer} instances do not keep the limits.", _tool.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Plan_MoreWorkThanOneInstanceCanDo_IsCalledUnstableThoughTheLimitIsKept()
    {
        Assert.Equal(0, await _tool.RunAsync(["plan", .. Chat, "--slo-latency", "100000", "--format", "json"]));
        Assert.Equal(1, _tool.Json.GetProperty("instances").GetInt32());
        Assert.InRange(_tool.Json.GetProperty("load_per_instance").GetDouble(), 1, 10);
        Assert.False(_tool.Json.GetProperty("stable").GetBoolean());
        Assert.Equal(0, await _tool.RunAsync(["plan", .. Chat, "--slo-latency", "100000"]));
        Assert.Contains("not stable", _tool.Output, StringComparison.Ordinal);
        Assert.Equal(0, await _tool.RunAsync(["plan", .. Chat, "--slo-ttft", "1", "--format", "json"]));
        Assert.True(_tool.Json.GetProperty("stable").GetBoolean());
    }

    [Fact]
    public async Task Plan_OneInstance_HasThePercentileOfTheSimulation()
    {
        string[] light = ["--workload", "chat", "--count", "300", "--rate", "1", "--kv-tokens", "40000", "--promote-after", "off"];
        Assert.Equal(0, await _tool.RunAsync(["plan", .. light, "--slo-latency", "1000", "--percentile", "90", "--format", "json"]));
        JsonElement plan = _tool.Json;
        Assert.Equal(1, plan.GetProperty("instances").GetInt32());
        Assert.Equal(0, await _tool.RunAsync(["simulate", .. light, "--policies", "svf", "--format", "json"]));
        JsonElement svf = _tool.Json.GetProperty("policies").GetProperty("svf");
        Assert.Equal(svf.GetProperty("latency").GetProperty("p90").GetDouble(), plan.GetProperty("latency").GetDouble());
        Assert.Equal(svf.GetProperty("ttft").GetProperty("p90").GetDouble(), plan.GetProperty("ttft").GetDouble());
    }

    [Fact]
    public async Task Plan_Kv_IsEnoughAndWarnsOfTheCliff()
    {
        string[] args = ["plan", "--workload", "chat", "--count", "600", "--rate", "4", "--find", "kv", "--slo-ttft", "0.5", "--format", "json"];
        Assert.Equal(0, await _tool.RunAsync([.. args, "--kv-tokens", "100000"]));
        JsonElement plan = _tool.Json;
        long kv = plan.GetProperty("kv_tokens").GetInt64();
        Assert.InRange(kv, 2000, 60_000);
        Assert.InRange(plan.GetProperty("ttft").GetDouble(), 0, 0.5);
        double worse = plan.GetProperty("times_longer_with_5_percent_less_kv").GetDouble();
        Assert.True(worse > 1, "Less KV than the least that is enough is not enough.");
        Assert.Equal(worse >= 1.5, plan.GetProperty("warning").ValueKind == JsonValueKind.String);
        Assert.Equal(0, await _tool.RunAsync([.. args, "--kv-tokens", (kv * 9 / 10).ToString(CultureInfo.InvariantCulture)]));
        Assert.False(_tool.Json.GetProperty("feasible").GetBoolean());
    }

    [Theory]
    [InlineData("A plan needs a limit", "--kv-tokens", "9000", "--workload", "chat")]
    [InlineData("--percentile must be above 0", "--kv-tokens", "9000", "--workload", "chat", "--slo-ttft", "1", "--percentile", "0")]
    [InlineData("A plan is for one load", "--kv-tokens", "9000", "--workload", "chat", "--rate", "1", "--slo-ttft", "1", "--load", "0.5,0.9")]
    public async Task Plan_WrongOptions_EndWithCode2AndTheFix(string message, params string[] args)
    {
        Assert.Equal(2, await _tool.RunAsync(["plan", .. args]));
        Assert.Contains(message, _tool.Error, StringComparison.Ordinal);
    }
}
