using System.Text.Json;

namespace KvScheduling.Tool.Tests;

public sealed class BacklogCommandTests : IDisposable
{
    private readonly ToolRun _tool = new();

    public void Dispose() => _tool.Dispose();

    [Fact]
    public async Task Backlog_Json_HasEveryFieldInInputOrder()
    {
        string file = _tool.Write("t5.csv", "prompt_tokens,output_tokens\n11,1\n11,1\n11,1\n1,2\n1,2\n1,2\n1,2\n");
        Assert.Equal(0, await _tool.RunAsync("backlog", "--requests", file, "--kv-tokens", "12", "--policies", "shortest-output,sorted-f,optimal", "--format", "json"));
        JsonElement json = _tool.Json;
        Assert.Equal(["kv_tokens", "requests", "volume_bound", "lp_bound", "optimal", "policies"], json.EnumerateObject().Select(static each => each.Name));
        Assert.Equal(12, json.GetProperty("kv_tokens").GetInt64());
        Assert.Equal(7, json.GetProperty("requests").GetInt32());
        Assert.Equal((5 + 10 + 15 + 20 + 32 + 44 + 56) / 12.0, json.GetProperty("volume_bound").GetDouble(), 1e-12);
        Assert.Equal(56.0 / 3, json.GetProperty("lp_bound").GetDouble(), 1e-9);
        Assert.Equal(20, json.GetProperty("optimal").GetInt64());
        JsonElement sortedF = json.GetProperty("policies").GetProperty("sorted-f");
        Assert.Equal(
            """{"total_latency":20,"mean":2.857142857142857,"p50":2,"p99":5,"max":5,"makespan":5,"peak_kv":12,"starts":[2,3,4,0,0,0,0]}""",
            JsonSerializer.Serialize(sortedF));
        Assert.Equal("[0,1,2,3,3,3,3]", JsonSerializer.Serialize(json.GetProperty("policies").GetProperty("shortest-output").GetProperty("starts")));
        Assert.Equal(20, json.GetProperty("policies").GetProperty("optimal").GetProperty("total_latency").GetInt64());
    }

    [Fact]
    public async Task Backlog_TooLargeForTheReferences_HasNullBounds()
    {
        string rows = string.Concat(Enumerable.Range(1, 300).Select(static i => $"{i},{i}\n"));
        string file = _tool.Write("large.csv", "prompt_tokens,output_tokens\n" + rows);
        Assert.Equal(0, await _tool.RunAsync("backlog", "--requests", file, "--kv-tokens", "1000", "--policies", "svf", "--format", "json"));
        Assert.Equal(JsonValueKind.Null, _tool.Json.GetProperty("lp_bound").ValueKind);
        Assert.Equal(JsonValueKind.Null, _tool.Json.GetProperty("optimal").ValueKind);
        Assert.Equal(2, await _tool.RunAsync("backlog", "--requests", file, "--kv-tokens", "1000", "--policies", "optimal"));
        Assert.Contains("too large", _tool.Error, StringComparison.Ordinal);
        Assert.Equal(2, await _tool.RunAsync("backlog", "--requests", file, "--kv-tokens", "1000", "--policies", "sorted-f-exact"));
        Assert.Contains("up to 256 requests", _tool.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Backlog_TableAndCsv_ShowThePolicies()
    {
        string file = _tool.Write("t4.csv", "prompt_tokens,output_tokens\n1,4\n4,2\n4,2\n");
        Assert.Equal(0, await _tool.RunAsync("backlog", "--requests", file, "--kv-tokens", "10"));
        Assert.Contains("| svf ", _tool.Output, StringComparison.Ordinal);
        Assert.Contains("volume bound", _tool.Output, StringComparison.Ordinal);
        Assert.Equal(0, await _tool.RunAsync("backlog", "--requests", file, "--kv-tokens", "10", "--policies", "fcfs", "--format", "csv"));
        Assert.Equal("policy,total_latency,mean,p50,p99,max,makespan,peak_kv,of_bound\nfcfs,11,3.6666666666666665,4,5,5,5,10,1\n", _tool.Output);
    }

    [Fact]
    public async Task Backlog_Intervals_AreReadFromTheirColumns()
    {
        string file = _tool.Write("intervals.csv", "prompt_tokens,output_tokens,min_output_tokens,max_output_tokens\n2,6,2,6\n2,5,3,6\n");
        Assert.Equal(0, await _tool.RunAsync("backlog", "--requests", file, "--kv-tokens", "12", "--policies", "A-MIN,a-max", "--format", "json"));
        Assert.Equal(
            """{"a-min":{"total_latency":15,"mean":7.5,"p50":5,"p99":10,"max":10,"makespan":10,"peak_kv":12,"evictions":1,"starts":[4,0]},"a-max":{"total_latency":15,"mean":7.5,"p50":6,"p99":9,"max":9,"makespan":9,"peak_kv":12,"evictions":0,"starts":[0,4]}}""",
            JsonSerializer.Serialize(_tool.Json.GetProperty("policies")));
    }

    [Theory]
    [InlineData("prompt_tokens,output_tokens\n3,4\n", "10", "a-min", "Add the columns min_output_tokens and max_output_tokens")]
    [InlineData("prompt_tokens,output_tokens,min_output_tokens\n3,4,1\n", "10", "svf", "Give both, or none")]
    [InlineData("prompt_tokens,output_tokens,min_output_tokens,max_output_tokens\n3,4,1,x\n", "10", "svf", "'x' in column 'max_output_tokens'")]
    [InlineData("prompt_tokens,output_tokens,min_output_tokens,max_output_tokens\n3,4,1,3\n", "10", "a-max", "not within its interval from 1 to 3")]
    [InlineData("prompt_tokens,output_tokens,min_output_tokens,max_output_tokens\n3,4,1,4\n", "10", "a-max+easy", "knows neither +easy nor +strict")]
    [InlineData("prompt_tokens,output_tokens\n3,4\n9,4\n", "10", "svf", "Row 2 needs 13 KV tokens")]
    [InlineData("prompt_tokens\n3\n", "10", "svf", "no column 'output_tokens'")]
    [InlineData("prompt_tokens,output_tokens\n3,-4\n", "10", "svf", "row 1 (line 2): '-4'")]
    [InlineData("prompt_tokens,output_tokens\n", "10", "svf", "no requests")]
    [InlineData("prompt_tokens,output_tokens\n3,4\n", "10", "lifo", "no policy named 'lifo'")]
    [InlineData("prompt_tokens,output_tokens\n3,4\n", "10", ",", "names none")]
    [InlineData("prompt_tokens,output_tokens\n3,4\n", "0", "svf", "--kv-tokens must be at least 1")]
    public async Task Backlog_WrongInput_EndsWithCode2AndTheFix(string text, string kv, string policies, string message)
    {
        string file = _tool.Write("wrong.csv", text);
        Assert.Equal(2, await _tool.RunAsync("backlog", "--requests", file, "--kv-tokens", kv, "--policies", policies));
        Assert.Contains(message, _tool.Error, StringComparison.Ordinal);
        Assert.Empty(_tool.Output);
    }
}
