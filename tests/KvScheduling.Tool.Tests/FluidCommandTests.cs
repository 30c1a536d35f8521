using System.Globalization;
using System.Text.Json;

namespace KvScheduling.Tool.Tests;

/// <summary>The published and recomputed numbers of the fluid model and the thresholds, through the command line.</summary>
public sealed class FluidCommandTests : IDisposable
{
    private readonly ToolRun _tool = new();

    public void Dispose() => _tool.Dispose();

    [Fact]
    public async Task Fluid_OneType_HasEveryField()
    {
        Assert.Equal(0, await _tool.RunAsync("fluid", "--types", Types("4,1,1"), "--d0", "0.4", "--d1", "0.05", "--kv-tokens", "13", "--format", "json"));
        JsonElement fluid = _tool.Json;
        Assert.Equal(
            ["stable", "load", "iteration_seconds", "requests_per_stage", "kv_tokens", "tokens_per_second", "critical_rate_scale"],
            fluid.EnumerateObject().Select(static each => each.Name));
        Assert.True(fluid.GetProperty("stable").GetBoolean());
        Assert.Equal([0.6, 1, 12, 4, 1 / 0.6], Numbers(fluid, "load", "iteration_seconds", "kv_tokens", "tokens_per_second", "critical_rate_scale"), Near);
        Assert.Equal([4.0], fluid.GetProperty("requests_per_stage").EnumerateArray().Select(static each => each.GetDouble()), Near);
    }

    [Theory]
    [InlineData("1,1,1 1,1,2", 0.1, 0.1, 1, 9, 3)]
    [InlineData("14,512,20 6,512,50", 0.01, 0.33e-6, 0.01117, 3550.2, 580)]
    public async Task Fluid_TwoTypes_HasThePublishedEquilibrium(string types, double d0, double d1, double iteration, double kv, double tokens)
    {
        Assert.Equal(0, await _tool.RunAsync("fluid", "--types", Types(types), "--d0", Text(d0), "--d1", Text(d1), "--kv-tokens", "137000", "--format", "json"));
        Assert.Equal(iteration, _tool.Json.GetProperty("iteration_seconds").GetDouble(), iteration * 5e-4);
        Assert.Equal(kv, _tool.Json.GetProperty("kv_tokens").GetDouble(), kv * 5e-5);
        Assert.Equal(tokens, _tool.Json.GetProperty("tokens_per_second").GetDouble(), 1e-9);
        Assert.True(_tool.Json.GetProperty("stable").GetBoolean());
    }

    [Theory]
    [InlineData("1,512,20", 32.98e-3, 30.3)]
    [InlineData("1,512,1000", 367e-3, 2.72)]
    public async Task Fluid_GeneralCost_PricesPrefillAndDecodes(string types, double load, double critical)
    {
        Assert.Equal(0, await _tool.RunAsync(
            "fluid", "--types", Types(types), "--d0", "0.008908", "--c-prefill", "56.30e-6", "--c-decode", "68.29e-6", "--c-kv", "0.2667e-6", "--kv-tokens", "137000", "--format", "json"));
        Assert.Equal(load, _tool.Json.GetProperty("load").GetDouble(), load * 2e-3);
        Assert.Equal(critical, _tool.Json.GetProperty("critical_rate_scale").GetDouble(), critical * 2e-3);
    }

    [Fact]
    public async Task Fluid_Overload_HasNoEquilibrium()
    {
        string[] args = ["fluid", "--types", Types("7,1,1"), "--d0", "0.4", "--d1", "0.05", "--kv-tokens", "1000"];
        Assert.Equal(0, await _tool.RunAsync([.. args, "--format", "json"]));
        Assert.False(_tool.Json.GetProperty("stable").GetBoolean());
        Assert.Equal(1.05, _tool.Json.GetProperty("load").GetDouble(), 1e-12);
        foreach (string name in (string[])["iteration_seconds", "requests_per_stage", "kv_tokens", "tokens_per_second"])
        {
            Assert.Equal(JsonValueKind.Null, _tool.Json.GetProperty(name).ValueKind);
        }

        Assert.Equal(0, await _tool.RunAsync(args));
        Assert.Matches(@"stable\s+\|\s+no ", _tool.Output);
    }

    [Theory]
    [InlineData("4,1,1", 0.4, 0.05, 12, 0, "[4]", 12)]
    [InlineData("1,1,1 1,1,2", 0.1, 0.1, 9, 0, "[1,1]", 9)]
    [InlineData("30,59,100 10,59,300", 10.2e-3, 0.39e-6, 137_000, 0.1, "[2,1]", 84_927)]
    public async Task Thresholds_Wait_SelectsThePublished(string types, double d0, double d1, int kv, double slack, string thresholds, double held)
    {
        Assert.Equal(0, await _tool.RunAsync(
            "thresholds", "--policy", "wait", "--types", Types(types), "--d0", Text(d0), "--d1", Text(d1), "--kv-tokens", Text(kv), "--slack", Text(slack), "--format", "json"));
        JsonElement wait = _tool.Json;
        Assert.Equal(["feasible", "thresholds", "kv_tokens", "iteration_seconds"], wait.EnumerateObject().Select(static each => each.Name));
        Assert.True(wait.GetProperty("feasible").GetBoolean());
        Assert.Equal(thresholds, JsonSerializer.Serialize(wait.GetProperty("thresholds")));
        Assert.Equal(held, wait.GetProperty("kv_tokens").GetDouble(), 1e-9);
        Assert.Equal(d0 + (d1 * held), wait.GetProperty("iteration_seconds").GetDouble(), 1e-9);
    }

    [Theory]
    [InlineData("10,4", "0.3", 0.871061)]
    [InlineData("10,5", "0.3", 1.694596)]
    [InlineData("10,8", "0.3", 5.990762)]
    [InlineData("66,48", "0.651515151515151515", 0.730401)]
    [InlineData("20,7", "0.3", 0.451427)]
    public async Task Thresholds_NestedWait_HasThePublishedDecay(string thresholds, string continues, double theta)
    {
        Assert.Equal(0, await _tool.RunAsync(
            "thresholds", "--policy", "nested-wait", "--d0", "0.01", "--prompt-tokens", "10", "--boundaries", "10,20", "--thresholds", thresholds, "--continue", continues, "--format", "json"));
        Assert.Equal(theta, Assert.Single(_tool.Json.GetProperty("theta").EnumerateArray()).GetDouble(), 1e-6);
    }

    [Fact]
    public async Task Thresholds_NestedWait_HasThePublishedBuffer()
    {
        string[] args =
        [
            "thresholds", "--policy", "nested-wait", "--d0", "0.0102", "--prompt-tokens", "59", "--boundaries", "100,200,500", "--thresholds", "4,3,2", "--continue", "0.55,0.45",
            "--horizon", "200", "--failure", "0.001",
        ];
        Assert.Equal(0, await _tool.RunAsync([.. args, "--kv-tokens", "357498", "--format", "json"]));
        JsonElement nested = _tool.Json;
        Assert.Equal(
            ["feasible", "thresholds", "kv_tokens", "iteration_seconds", "base_kv_tokens", "theta", "buffer_kv_tokens", "required_kv_tokens"],
            nested.EnumerateObject().Select(static each => each.Name));
        Assert.True(nested.GetProperty("feasible").GetBoolean());
        Assert.Equal(352_586, nested.GetProperty("base_kv_tokens").GetDouble());
        Assert.Equal(357_497, nested.GetProperty("required_kv_tokens").GetDouble(), 0.5);
        Assert.Equal(4911, nested.GetProperty("buffer_kv_tokens").GetDouble(), 0.5);
        Assert.Equal([1.9515, 1.8847], nested.GetProperty("theta").EnumerateArray().Select(static each => Math.Round(each.GetDouble(), 4)));
        Assert.Equal(0, await _tool.RunAsync([.. args, "--kv-tokens", "357497", "--format", "json"]));
        Assert.False(_tool.Json.GetProperty("feasible").GetBoolean());
    }

    [Theory]
    [InlineData("no column 'arrival_rate'", "fluid", "--types", "{prompts}", "--d0", "1", "--kv-tokens", "9")]
    [InlineData("no type with an arrival_rate above 0", "fluid", "--types", "{idle}", "--d0", "1", "--kv-tokens", "9")]
    [InlineData("--d0 must be above 0", "fluid", "--types", "{one}", "--d0", "0", "--kv-tokens", "9")]
    [InlineData("--d1 must be zero or more", "fluid", "--types", "{one}", "--d0", "1", "--d1", "-1", "--kv-tokens", "9")]
    [InlineData("wait needs --types", "thresholds", "--policy", "wait", "--d0", "1", "--kv-tokens", "9")]
    [InlineData("nested-wait needs --thresholds", "thresholds", "--policy", "nested-wait", "--d0", "1")]
    [InlineData("--boundaries: 1.5 must be a whole number", "thresholds", "--policy", "nested-wait", "--d0", "1", "--thresholds", "1", "--boundaries", "1.5")]
    [InlineData("Boundaries must rise", "thresholds", "--policy", "nested-wait", "--d0", "1", "--thresholds", "2,1", "--boundaries", "5,5", "--continue", "0.3", "--prompt-tokens", "9")]
    public async Task Fluid_WrongInput_EndsWithCode2AndTheFix(string message, params string[] args)
    {
        string[] given = [.. args.Select(arg => arg switch
        {
            "{prompts}" => _tool.Write("prompts.csv", "prompt_tokens,output_tokens\n1,1\n"),
            "{idle}" => Types("0,1,1"),
            "{one}" => Types("1,1,1"),
            _ => arg,
        })];
        Assert.Equal(2, await _tool.RunAsync(given));
        Assert.Contains(message, _tool.Error, StringComparison.Ordinal);
        Assert.Empty(_tool.Output);
    }

    private static bool Near(double a, double b) => Math.Abs(a - b) <= 1e-9 * Math.Abs(a);

    private static string Text(double value) => value.ToString(CultureInfo.InvariantCulture);

    private static double[] Numbers(JsonElement json, params string[] names) => [.. names.Select(name => json.GetProperty(name).GetDouble())];

    private string Types(string rows) => _tool.Write("types.csv", "arrival_rate,prompt_tokens,output_tokens\n" + rows.Replace(' ', '\n') + "\n");
}
