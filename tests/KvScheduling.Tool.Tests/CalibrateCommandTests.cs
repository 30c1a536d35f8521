using System.Globalization;
using System.Text;
using System.Text.Json;

namespace KvScheduling.Tool.Tests;

public sealed class CalibrateCommandTests : IDisposable
{
    private readonly ToolRun _tool = new();

    public void Dispose() => _tool.Dispose();

    [Fact]
    public async Task Calibrate_StepsOfALinearEngine_FindsItsCoefficientsAndSimulatesWithThem()
    {
        string log = Log(static (prefill, rows, kv, _) => 8.572 + (0.05782 * prefill) + (0.07414 * rows) + (2.656e-4 * kv));
        string model = _tool.Write("model.json", string.Empty);
        Assert.Equal(0, await _tool.RunAsync("calibrate", "--log", log, "--out", model, "--format", "json"));
        JsonElement fit = _tool.Json;
        Assert.Equal([8.572, 0.05782, 0.07414, 2.656e-4], Coefficients(fit), Near(1e-6));
        Assert.Equal(400, fit.GetProperty("steps").GetInt32());
        Assert.Equal(1, fit.GetProperty("r_squared").GetDouble(), 1e-9);
        Assert.Equal(0, fit.GetProperty("max_relative_error").GetDouble(), 1e-6);
        Assert.Equal(0, await _tool.RunAsync("simulate", "--workload", "chat", "--count", "50", "--rate", "1", "--kv-tokens", "60000", "--cost-model", model, "--format", "csv"));
        string fromFile = _tool.Output;
        Assert.Equal(0, await _tool.RunAsync(
            "simulate", "--workload", "chat", "--count", "50", "--rate", "1", "--kv-tokens", "60000", "--cost-model", fit.GetProperty("cost_model").GetString()!, "--format", "csv"));
        Assert.Equal(fromFile, _tool.Output);
    }

    [Fact]
    public async Task Calibrate_CostThatWouldBeNegative_IsZeroAndTheRestIsFittedWithoutIt()
    {
        // Steps get shorter with KV: the best model that is nowhere negative has no KV term, and is the best one of the others.
        string log = Log(static (prefill, rows, kv, _) => 20 + (0.1 * prefill) + (0.2 * rows) - (1e-5 * kv));
        Assert.Equal(0, await _tool.RunAsync("calibrate", "--log", log, "--format", "json"));
        double[] all = Coefficients(_tool.Json);
        Assert.Equal(0, all[3]);
        Assert.All(all[..3], static each => Assert.True(each > 0));
        double error = _tool.Json.GetProperty("rms_error_milliseconds").GetDouble();
        foreach (int i in (int[])[0, 1, 2])
        {
            foreach (double change in (double[])[0.99, 1.01])
            {
                double[] other = [.. all];
                other[i] *= change;
                Assert.True(Error(log, other) > error, "A neighbour fits better.");
            }
        }
    }

    [Fact]
    public async Task Calibrate_NoisySteps_SaysHowGoodTheFitIs()
    {
        string log = Log(static (prefill, rows, kv, random) => (9 + (0.06 * prefill) + (0.07 * rows) + (2e-4 * kv)) * (0.9 + (0.2 * random.NextDouble())));
        Assert.Equal(0, await _tool.RunAsync("calibrate", "--log", log, "--format", "json"));
        Assert.InRange(_tool.Json.GetProperty("r_squared").GetDouble(), 0.8, 0.999);
        Assert.InRange(_tool.Json.GetProperty("mean_relative_error").GetDouble(), 0.03, 0.07);
        Assert.Equal(0, await _tool.RunAsync("calibrate", "--log", log));
        Assert.Contains("--cost-model linear:", _tool.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("prefill_tokens,decode_rows,kv_tokens\n1,1,1\n", "no column 'milliseconds'")]
    [InlineData("prefill_tokens,decode_rows,kv_tokens,milliseconds\n1,1,1,-2\n", "row 1 (line 2): '-2'")]
    [InlineData("prefill_tokens,decode_rows,kv_tokens,milliseconds\n1,1,1,2\n", "the log has 1 steps")]
    [InlineData("", "is empty")]
    public async Task Calibrate_WrongLog_EndsWithCode2AndTheFix(string text, string message)
    {
        Assert.Equal(2, await _tool.RunAsync("calibrate", "--log", _tool.Write("steps.csv", text)));
        Assert.Contains(message, _tool.Error, StringComparison.Ordinal);
    }

    private static double[] Coefficients(JsonElement fit) => [.. Enumerable.Range(0, 4).Select(i => fit.GetProperty($"d{i}").GetDouble())];

    private static Func<double, double, bool> Near(double relative) => (a, b) => Math.Abs(a - b) <= relative * Math.Abs(a);

    private static double Error(string log, double[] d)
    {
        double[][] rows = [.. File.ReadLines(log).Skip(1).Select(static line => line.Split(',').Select(static text => double.Parse(text, CultureInfo.InvariantCulture)).ToArray())];
        return Math.Sqrt(rows.Average(row => Math.Pow(d[0] + (d[1] * row[0]) + (d[2] * row[1]) + (d[3] * row[2]) - row[3], 2)));
    }

    private string Log(Func<int, int, long, Random, double> time)
    {
        var random = new Random(3);
        var csv = new StringBuilder("prefill_tokens,decode_rows,kv_tokens,milliseconds\n");
        for (int i = 0; i < 400; i++)
        {
            int prefill = i % 3 == 0 ? random.Next(1, 512) : 0;
            int rows = random.Next(1, 100);
            long kv = rows * (long)random.Next(50, 2000);
            csv.Append(CultureInfo.InvariantCulture, $"{prefill},{rows},{kv},{time(prefill, rows, kv, random):R}\n");
        }

        return _tool.Write("steps.csv", csv.ToString());
    }
}
