using KvScheduling.Baselines;
using KvScheduling.Simulation;

namespace KvScheduling.Tool.Tests;

public sealed class ReplayCommandTests : IDisposable
{
    private readonly ToolRun _tool = new();

    public void Dispose() => _tool.Dispose();

    [Fact]
    public async Task Replay_LogOfARun_IsEqual()
    {
        Assert.Equal(0, await _tool.RunAsync("replay", _tool.Write("log.jsonl", Log()), "--format", "json"));
        Assert.True(_tool.Json.GetProperty("equal").GetBoolean());
        Assert.True(_tool.Json.GetProperty("equal_lines").GetInt64() > 50);
        Assert.Equal("sorted-f", _tool.Json.GetProperty("policy").GetString());
    }

    [Fact]
    public async Task Replay_LogUnderTheSchedulerOfAnotherEngine_IsEqual()
    {
        Assert.Equal(0, await _tool.RunAsync("replay", _tool.Write("log.jsonl", Log(BaselinePolicies.Vllm)), "--format", "json"));
        Assert.Equal("vllm", _tool.Json.GetProperty("policy").GetString());
    }

    [Fact]
    public async Task Replay_ChangedByte_NamesTheLine()
    {
        string[] lines = Log().Split('\n');
        lines[6] = lines[6].Replace("\"at\":", "\"at\":1", StringComparison.Ordinal);
        Assert.Equal(1, await _tool.RunAsync("replay", _tool.Write("log.jsonl", string.Join('\n', lines)), "--format", "json"));
        Assert.Contains("Line 7 differs", _tool.Error, StringComparison.Ordinal);
        Assert.Equal(7, _tool.Json.GetProperty("difference").GetProperty("line").GetInt64());
    }

    [Theory]
    [InlineData("prompt_tokens,output_tokens\n1,2\n", "not the header of a decision log")]
    [InlineData("", "no decision log")]
    public async Task Replay_OtherFile_EndsWithTwo(string text, string message)
    {
        Assert.Equal(2, await _tool.RunAsync("replay", _tool.Write("log.jsonl", text)));
        Assert.Contains(message, _tool.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Replay_CutOffLog_EndsWithTwoAndSaysHowFarItIsEqual()
    {
        string log = Log();
        Assert.Equal(2, await _tool.RunAsync("replay", _tool.Write("log.jsonl", log[..(log.Length / 2)])));
        Assert.Contains("incomplete behind line", _tool.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Replay_MissingFile_EndsWithTwo()
    {
        Assert.Equal(2, await _tool.RunAsync("replay", "nowhere.jsonl"));
        Assert.Contains("nowhere.jsonl", _tool.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Replay_Steps_WritesTheStepLog()
    {
        string steps = _tool.Write("steps.csv", string.Empty);
        Assert.Equal(0, await _tool.RunAsync("replay", _tool.Write("log.jsonl", Log()), "--steps", steps));
        string[] rows = await File.ReadAllLinesAsync(steps);
        Assert.Equal("prefill_tokens,decode_rows,kv_tokens,milliseconds", rows[0]);
        Assert.Equal("20,0,0,12", rows[1]);
        Assert.Equal("0,1,20,11.2", rows[2]);
    }

    [Fact]
    public async Task Calibrate_DecisionLog_FindsTheCostModel()
    {
        Assert.Equal(0, await _tool.RunAsync("calibrate", "--log", _tool.Write("log.jsonl", Log()), "--format", "json"));
        Assert.Equal(10, _tool.Json.GetProperty("d0").GetDouble(), 1e-3);
        Assert.Equal(0.1, _tool.Json.GetProperty("d1").GetDouble(), 1e-3);
        Assert.Equal(1, _tool.Json.GetProperty("d2").GetDouble(), 1e-3);
        Assert.Equal(0.01, _tool.Json.GetProperty("d3").GetDouble(), 1e-4);
    }

    /// <summary>The log of a simulated run: one request alone first, then some together.</summary>
    private static string Log(string policy = SchedulingPolicies.SortedF)
    {
        using var log = new MemoryStream();
        WorkloadRequest[] requests =
        [
            new(TimeSpan.Zero, 20, 3),
            .. Enumerable.Range(1, 20).Select(i => new WorkloadRequest(TimeSpan.FromSeconds(1), 10 + i, 5 + (i % 4))),
        ];
        Simulator.Run(
            policy,
            requests,
            new SimulationSettings { KvTokens = 200, CostModel = new LinearCostModel(10, 0.1, 1, 0.01), AdditionalPolicies = BaselinePolicies.All, DecisionLog = log });
        return System.Text.Encoding.UTF8.GetString(log.ToArray());
    }
}
