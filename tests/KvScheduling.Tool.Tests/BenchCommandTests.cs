using System.Text.Json;

namespace KvScheduling.Tool.Tests;

public sealed class BenchCommandTests : IDisposable
{
    private readonly ToolRun _tool = new();

    public void Dispose() => _tool.Dispose();

    [Fact]
    public async Task BenchBacklogs_Mixes_KeepSmallestVolumeFirstNearTheBound()
    {
        Assert.Equal(0, await _tool.RunAsync("bench", "backlogs", "--seeds", "1", "--policies", "fcfs,svf,svf+easy", "--format", "json"));
        JsonElement backlogs = _tool.Json.GetProperty("backlogs");
        Assert.Equal(5, backlogs.EnumerateObject().Count());
        foreach (JsonProperty backlog in backlogs.EnumerateObject())
        {
            JsonElement policies = backlog.Value.GetProperty("policies");
            Assert.Equal(1, policies.GetProperty("fcfs").GetProperty("of_fcfs").GetProperty("mean").GetDouble());
            Assert.InRange(policies.GetProperty("fcfs").GetProperty("of_bound").GetProperty("mean").GetDouble(), 1.8, 4);
            Assert.InRange(policies.GetProperty("svf").GetProperty("of_bound").GetProperty("mean").GetDouble(), 1, 1.42);
            Assert.InRange(policies.GetProperty("svf+easy").GetProperty("of_bound").GetProperty("mean").GetDouble(), 1, 1.42);
        }

        Assert.InRange(backlogs.GetProperty("chat + documents 60k").GetProperty("policies").GetProperty("svf").GetProperty("of_bound").GetProperty("mean").GetDouble(), 1, 1.17);
    }

    [Fact]
    public async Task BenchBacklogs_Markdown_HasATablePerComparison()
    {
        Assert.Equal(0, await _tool.RunAsync("bench", "backlogs", "--set", "bursts", "--seeds", "2", "--policies", "fcfs,svf", "--format", "markdown"));
        Assert.Equal(3, _tool.Output.Split("| policy | 10 % long | 30 % long | 60 % long |").Length - 1);
        Assert.Contains("| fcfs | 1.000 ± 0.000 | 1.000 ± 0.000 | 1.000 ± 0.000 |", _tool.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task BenchSmall_AnyPolicy_IsAtBestOptimal()
    {
        Assert.Equal(0, await _tool.RunAsync("bench", "small", "--count", "20", "--requests", "4", "--format", "json"));
        foreach (JsonProperty policy in _tool.Json.GetProperty("policies").EnumerateObject())
        {
            Assert.InRange(policy.Value.GetProperty("mean").GetDouble(), 1, 2);
            Assert.InRange(policy.Value.GetProperty("optimal").GetInt32(), 1, 20);
        }
    }

    [Fact]
    public async Task BenchIntervals_Policies_AreComparedWithKnownLengths()
    {
        Assert.Equal(0, await _tool.RunAsync("bench", "intervals", "--count", "10", "--format", "json"));
        JsonElement policies = _tool.Json.GetProperty("policies");
        double known = policies.GetProperty("shortest-output").GetProperty("total_latency").GetDouble();
        Assert.InRange(policies.GetProperty("a-max").GetProperty("total_latency").GetDouble() / known, 1.7, 2.3);
        Assert.InRange(policies.GetProperty("a-min").GetProperty("total_latency").GetDouble() / known, 1.1, 1.5);
        Assert.Equal(0, policies.GetProperty("a-max").GetProperty("evictions").GetDouble());
    }

    [Fact]
    public async Task BenchStreams_Policies_AreComparedAtEqualLoad()
    {
        string rows = string.Concat(Enumerable.Range(0, 300).Select(static i => $"{i},{(i % 7 == 0 ? 400 : 20)},{10 + (i % 13)}\n"));
        string file = _tool.Write("stream.csv", "arrival_seconds,prompt_tokens,output_tokens\n" + rows);
        string[] args = ["bench", "streams", "--trace", file, "--kv-tokens", "1000", "--load", "0.3,1.1", "--policies", "svf", "--baseline", "fcfs+strict"];
        Assert.Equal(0, await _tool.RunAsync([.. args, "--format", "json"]));
        JsonElement[] runs = [.. _tool.Json.GetProperty("runs").EnumerateArray()];
        Assert.Equal(
            ["known 0.3 fcfs+strict", "known 0.3 svf", "known 1.1 fcfs+strict", "known 1.1 svf", "history 0.3 fcfs+strict", "history 0.3 svf", "history 1.1 fcfs+strict", "history 1.1 svf"],
            runs.Select(static run => $"{run.GetProperty("output_lengths")} {run.GetProperty("load")} {run.GetProperty("policy")}"));
        Assert.All(runs.Where(static run => run.GetProperty("policy").GetString() == "fcfs+strict"), static run => Assert.Equal(1, run.GetProperty("of_mean").GetDouble()));
        Assert.InRange(runs[3].GetProperty("of_mean").GetDouble(), 0.1, 0.95);
        Assert.Equal(0, await _tool.RunAsync([.. args, "--format", "markdown"]));
        Assert.Contains("lengths known: mean / p99 / evictions, relative to fcfs+strict", _tool.Output, StringComparison.Ordinal);
        Assert.Contains("| policy | load 0.3 | load 1.1 |", _tool.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task BenchChunks_Variants_AreComparedWithTheFirst()
    {
        string[] args =
        [
            "bench", "chunks", "--workload", "rag-reasoning", "--count", "200", "--rate", "1", "--kv-tokens", "200000", "--load", "0.8", "--chunks", "256,4096", "--partials", "2,1",
        ];
        Assert.Equal(0, await _tool.RunAsync([.. args, "--format", "json"]));
        JsonElement[] runs = [.. _tool.Json.GetProperty("runs").EnumerateArray()];
        Assert.Equal(["256 2", "256 1", "4096 2", "4096 1"], runs.Select(static run => $"{run.GetProperty("prefill_chunk")} {run.GetProperty("max_partial_prefills")}"));
        Assert.True(runs[0].GetProperty("steps").GetInt64() > runs[2].GetProperty("steps").GetInt64(), "Long prompts take more steps in smaller chunks.");
        Assert.Equal(0, await _tool.RunAsync([.. args, "--format", "markdown"]));
        Assert.Contains("| chunk × partial | load 0.8 |", _tool.Output, StringComparison.Ordinal);
        Assert.Contains("| 4096 × 1 | ", _tool.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--chunks must be whole numbers", "chunks", "--workload", "chat", "--rate", "1", "--kv-tokens", "9000", "--chunks", "0.5")]
    [InlineData("no policy named 'lifo'", "backlogs", "--policies", "lifo+easy")]
    [InlineData("--max-output 3 is below --min-output 4", "intervals", "--min-output", "4", "--max-output", "3")]
    [InlineData("--seeds must be at least 1", "backlogs", "--seeds", "0")]
    [InlineData("no policy named 'lifo'", "streams", "--workload", "chat", "--rate", "1", "--kv-tokens", "9000", "--baseline", "lifo")]
    [InlineData("--load must be above 0, but is 'x'", "streams", "--workload", "chat", "--rate", "1", "--kv-tokens", "9000", "--load", "0.9,x")]
    [InlineData("kvsched bench small --help", "small", "--count", "none")]
    public async Task Bench_WrongInput_EndsWithCode2AndTheFix(string message, params string[] args)
    {
        Assert.Equal(2, await _tool.RunAsync(["bench", .. args]));
        Assert.Contains(message, _tool.Error, StringComparison.Ordinal);
        Assert.Empty(_tool.Output);
    }
}
