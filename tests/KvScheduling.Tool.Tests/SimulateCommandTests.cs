using System.Text.Json;

namespace KvScheduling.Tool.Tests;

public sealed class SimulateCommandTests : IDisposable
{
    private const string TwoRequests = "arrival_seconds,prompt_tokens,output_tokens\n0,100,3\n0.005,50,2\n";
    private readonly ToolRun _tool = new();

    public void Dispose() => _tool.Dispose();

    [Fact]
    public async Task Simulate_PerRequest_HasTheTimesThatTheCostModelSays()
    {
        // 0: prefill 100 → 20 ms. 20: decode over 100 + prefill 50 → 10 + 5 + 1 + 1 = 17 ms. 37: decode over 101 and 50 → 13.51 ms.
        string file = _tool.Write("two.csv", TwoRequests);
        Assert.Equal(0, await _tool.RunAsync(
            "simulate", "--requests", file, "--cost-model", "linear:10,0.1,1,0.01", "--kv-tokens", "1000", "--policies", "fcfs", "--per-request", "--format", "json"));
        JsonElement fcfs = _tool.Json.GetProperty("policies").GetProperty("fcfs");
        Assert.Equal(
            """[{"ttft":0.02,"latency":0.05051,"queue":0},{"ttft":0.032,"latency":0.04551,"queue":0.015}]""",
            JsonSerializer.Serialize(fcfs.GetProperty("requests")));
        Assert.Equal(0.05051, fcfs.GetProperty("makespan").GetDouble());
        Assert.Equal(3, fcfs.GetProperty("steps").GetInt64());
        Assert.Equal(2, fcfs.GetProperty("completions").GetInt64());
        Assert.Equal(0.04801, fcfs.GetProperty("latency").GetProperty("mean").GetDouble());
        Assert.Equal(["mean", "p50", "p90", "p99", "max"], fcfs.GetProperty("ttft").EnumerateObject().Select(static each => each.Name));
        Assert.Equal(JsonValueKind.Null, fcfs.GetProperty("goodput").ValueKind);
        Assert.Equal(0, fcfs.GetProperty("evictions").GetInt64());
    }

    [Theory]
    [InlineData("known")]
    [InlineData("history")]
    [InlineData("noisy:0.5")]
    public async Task Simulate_SameSeed_WritesTheSameBytes(string lengths)
    {
        string[] args =
        [
            "simulate", "--workload", "chat", "--count", "300", "--rate", "3", "--arrivals", "gamma:3", "--kv-tokens", "16000", "--block-size", "16",
            "--output-lengths", lengths, "--format", "json", "--per-request", "--seed", "5",
        ];
        Assert.Equal(0, await _tool.RunAsync(args));
        string first = _tool.Output;
        Assert.Equal(0, await _tool.RunAsync(args));
        Assert.Equal(first, _tool.Output);
        args[^1] = "6";
        Assert.Equal(0, await _tool.RunAsync(args));
        Assert.NotEqual(first, _tool.Output);
    }

    [Fact]
    public async Task Simulate_Load_StretchesArrivals()
    {
        string rows = string.Concat(Enumerable.Range(0, 200).Select(static i => $"{i},100,20\n"));
        string file = _tool.Write("steady.csv", "arrival_seconds,prompt_tokens,output_tokens\n" + rows);
        foreach (string load in (string[])["0.5", "1.2"])
        {
            Assert.Equal(0, await _tool.RunAsync("simulate", "--requests", file, "--cost-model", "unit", "--kv-tokens", "600", "--load", load, "--format", "json", "--policies", "fcfs"));
            Assert.Equal(double.Parse(load, System.Globalization.CultureInfo.InvariantCulture), _tool.Json.GetProperty("load").GetDouble(), 1e-3);
        }

        Assert.Equal(0, await _tool.RunAsync("simulate", "--requests", file, "--cost-model", "unit", "--kv-tokens", "600", "--rate-scale", "2", "--format", "json", "--policies", "fcfs"));
        Assert.Equal(200 * 2210 / 600.0 / 99.5, _tool.Json.GetProperty("load").GetDouble(), 1e-6);
    }

    [Fact]
    public async Task Simulate_Goodput_CountsThoseWithinTheLimits()
    {
        string file = _tool.Write("two.csv", TwoRequests);
        Assert.Equal(0, await _tool.RunAsync(
            "simulate", "--requests", file, "--cost-model", "linear:10,0.1,1,0.01", "--kv-tokens", "1000", "--policies", "fcfs", "--format", "json", "--slo-ttft", "0.025"));
        Assert.Equal(1 / 0.05051, _tool.Json.GetProperty("policies").GetProperty("fcfs").GetProperty("goodput").GetDouble(), 1e-9);
    }

    [Fact]
    public async Task Simulate_TenantsPrioritiesAndDeadlines_ComeFromTheFile()
    {
        string file = _tool.Write("tenants.csv", "arrival_seconds,prompt_tokens,output_tokens,tenant\n0,5,4,loud\n0,5,4,loud\n0,5,4,loud\n0,5,4,quiet\n");
        Assert.Equal("[0,4,8,12]", await QueueTimesAsync(file, "--fairness", "none"));
        Assert.Equal("[0,8,12,4]", await QueueTimesAsync(file, "--fairness", "vtc"));

        file = _tool.Write("priorities.csv", "arrival_seconds,prompt_tokens,output_tokens,priority,deadline_seconds\n0,5,4,,\n0,5,4,-1,\n0,5,4,2,30\n0,5,4,1,6\n");
        Assert.Equal("[4,8,0,null]", await QueueTimesAsync(file));
        Assert.Equal(1, _tool.Json.GetProperty("policies").GetProperty("fcfs").GetProperty("refused").GetInt64());
    }

    private async Task<string> QueueTimesAsync(string file, params string[] more)
    {
        Assert.Equal(0, await _tool.RunAsync(
            ["simulate", "--requests", file, "--cost-model", "unit", "--kv-tokens", "100", "--max-running", "1", "--policies", "fcfs", "--per-request", "--format", "json", .. more]));
        IEnumerable<JsonElement> requests = _tool.Json.GetProperty("policies").GetProperty("fcfs").GetProperty("requests").EnumerateArray();
        return JsonSerializer.Serialize(requests.Select(static request => request.ValueKind == JsonValueKind.Null ? (double?)null : request.GetProperty("queue").GetDouble()));
    }

    [Theory]
    [InlineData("tenant,priority\nx,high\n", "'high' in column 'priority' must be a whole number")]
    [InlineData("tenant,deadline_seconds\nx,0\n", "'0' in column 'deadline_seconds' must be seconds above zero")]
    [InlineData("tenant,deadline_seconds\nx,-3\n", "'-3' in column 'deadline_seconds' must be seconds above zero")]
    public async Task Simulate_WrongHint_EndsWithCode2AndNamesTheRow(string columns, string message)
    {
        string[] lines = columns.Split('\n');
        string file = _tool.Write("wrong.csv", $"arrival_seconds,prompt_tokens,output_tokens,{lines[0]}\n0,5,4,,\n1,5,4,{lines[1]}\n");
        Assert.Equal(2, await _tool.RunAsync("simulate", "--requests", file, "--kv-tokens", "100"));
        Assert.Contains("row 2 (line 3)", _tool.Error, StringComparison.Ordinal);
        Assert.Contains(message, _tool.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Simulate_EvictionRestart_TakesLongerThanRecompute()
    {
        string[] args =
        [
            "simulate", "--workload", "chat", "--count", "300", "--rate", "3", "--kv-tokens", "8000", "--output-lengths", "history", "--policies", "vllm", "--format", "json",
            "--cost-model", "unit", "--eviction", "recompute",
        ];
        Assert.Equal(0, await _tool.RunAsync(args));
        double makespan = _tool.Json.GetProperty("policies").GetProperty("vllm").GetProperty("makespan").GetDouble();
        args[^1] = "restart";
        Assert.Equal(0, await _tool.RunAsync(args));
        Assert.Equal("restart", _tool.Json.GetProperty("eviction").GetString());
        JsonElement vllm = _tool.Json.GetProperty("policies").GetProperty("vllm");
        Assert.True(vllm.GetProperty("makespan").GetDouble() > makespan);
        Assert.True(vllm.GetProperty("evictions").GetInt64() > 0);
        Assert.Equal(300, vllm.GetProperty("completions").GetInt64());
    }

    [Fact]
    public async Task Simulate_Oversized_AreLeftOutWhenAsked()
    {
        string file = _tool.Write("big.csv", "arrival_seconds,prompt_tokens,output_tokens\n0,5,5\n1,500,5\n2,5,5\n");
        Assert.Equal(2, await _tool.RunAsync("simulate", "--requests", file, "--kv-tokens", "100"));
        Assert.Contains("Row 2 needs 505", _tool.Error, StringComparison.Ordinal);
        Assert.Equal(0, await _tool.RunAsync("simulate", "--requests", file, "--kv-tokens", "100", "--skip-oversized", "--format", "json", "--policies", "svf"));
        Assert.Equal(1, _tool.Json.GetProperty("skipped").GetInt64());
        Assert.Equal(2, _tool.Json.GetProperty("policies").GetProperty("svf").GetProperty("completions").GetInt64());
    }

    [Theory]
    [InlineData("linear:1,2,3", "must have four numbers")]
    [InlineData("linear:1,2,3,-4", "'-4' in 'linear:1,2,3,-4' must be a number of milliseconds")]
    [InlineData("gpu", "is no cost model")]
    public async Task Simulate_WrongCostModel_SaysWhatIsOne(string model, string message)
    {
        string file = _tool.Write("two.csv", TwoRequests);
        Assert.Equal(2, await _tool.RunAsync("simulate", "--requests", file, "--cost-model", model, "--kv-tokens", "1000"));
        Assert.Contains(message, _tool.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Simulate_CostModelFile_IsRead()
    {
        string file = _tool.Write("two.csv", TwoRequests);
        string model = _tool.Write("model.json", """{"d0": 10, "d1": 0.1, "d2": 1, "d3": 0.01}""");
        Assert.Equal(0, await _tool.RunAsync("simulate", "--requests", file, "--cost-model", model, "--kv-tokens", "1000", "--policies", "fcfs", "--format", "json"));
        Assert.Equal(0.05051, _tool.Json.GetProperty("policies").GetProperty("fcfs").GetProperty("makespan").GetDouble());
        string broken = _tool.Write("broken.json", """{"d0": 10}""");
        Assert.Equal(2, await _tool.RunAsync("simulate", "--requests", file, "--cost-model", broken, "--kv-tokens", "1000"));
        Assert.Contains("no usable 'd1'", _tool.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Give one of --trace F", "--kv-tokens", "10")]
    [InlineData("Give one of --trace F", "--kv-tokens", "10", "--workload", "chat", "--trace", "x")]
    [InlineData("no request mix named 'poems'", "--kv-tokens", "10", "--workload", "poems")]
    [InlineData("is no arrival process", "--kv-tokens", "10", "--workload", "chat", "--rate", "1", "--arrivals", "daily")]
    [InlineData("says nothing about output lengths", "--kv-tokens", "10", "--workload", "chat", "--output-lengths", "noisy:-1")]
    [InlineData("Give one of them", "--kv-tokens", "9000", "--workload", "chat", "--rate", "1", "--load", "1", "--rate-scale", "2")]
    [InlineData("--load needs arrivals over some time", "--kv-tokens", "9000", "--workload", "chat", "--load", "1")]
    [InlineData("--load must be above 0", "--kv-tokens", "9000", "--workload", "chat", "--load", "-1")]
    [InlineData("--promote-after must be seconds", "--kv-tokens", "9000", "--workload", "chat", "--promote-after", "soon")]
    [InlineData("'forget'", "--kv-tokens", "9000", "--workload", "chat", "--eviction", "forget")]
    [InlineData("larger than --kv-tokens", "--kv-tokens", "10", "--workload", "chat", "--block-size", "16")]
    [InlineData("Option '--kv-tokens' is required", "--workload", "chat")]
    public async Task Simulate_WrongOptions_EndWithCode2AndTheFix(string message, params string[] args)
    {
        Assert.Equal(2, await _tool.RunAsync(["simulate", .. args]));
        Assert.Contains(message, _tool.Error, StringComparison.Ordinal);
        Assert.Empty(_tool.Output);
    }
}
