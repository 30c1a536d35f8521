namespace KvScheduling.Simulation.Tests;

public sealed class SyntheticWorkloadTests
{
    [Fact]
    public void Draw_SameSeed_GivesTheSameRequests()
    {
        WorkloadRequest[] Draw(int seed) => [.. SyntheticWorkload.Draw(RequestMixes.Get("chat-docs"), ArrivalProcess.Gamma(2, 3), 500, seed)];
        Assert.Equal(Draw(1), Draw(1));
        Assert.NotEqual(Draw(1), Draw(2));
    }

    [Theory]
    [InlineData("poisson", 1.0)]
    [InlineData("gamma:3", 3.0)]
    [InlineData("gamma:0.5", 0.5)]
    public void Draw_Gaps_HaveTheMeanAndVariationAskedFor(string process, double variation)
    {
        double[] times = [.. SyntheticWorkload.Draw(RequestMixes.Get("chat"), ArrivalProcess.Parse(process, 4), 50_000, 3).Select(static request => request.Arrival.TotalSeconds)];
        double[] gaps = [.. times.Skip(1).Zip(times, static (b, a) => b - a)];
        double mean = gaps.Average();
        double deviation = Math.Sqrt(gaps.Average(gap => (gap - mean) * (gap - mean)));
        Assert.Equal(0.25, mean, 0.01);
        Assert.Equal(variation, deviation / mean, 0.06 * variation);
    }

    [Fact]
    public void Draw_Tide_RisesAndFalls()
    {
        double[] times = [.. SyntheticWorkload.Draw(RequestMixes.Get("chat"), ArrivalProcess.Parse("tidal:0.8,100", 10), 20_000, 3).Select(static request => request.Arrival.TotalSeconds)];
        int high = times.Count(static time => time % 100 < 50);
        Assert.Equal(10, times.Length / times[^1], 0.3);
        Assert.InRange(high / (double)times.Length, 0.72, 0.79);
    }

    [Fact]
    public void Draw_Lognormal_HasItsMedianAndLimits()
    {
        int[] prompts = [.. SyntheticWorkload.Draw(RequestMixes.Get("chat"), ArrivalProcess.AtOnce, 20_001, 5).Select(static request => request.PromptTokens).Order()];
        Assert.InRange(prompts[10_000], 145, 155);
        Assert.InRange(prompts[0], 8, 20);
        Assert.Equal(4000, prompts[^1]);
    }

    [Fact]
    public void Load_InRounds_IsVolumeOverBudgetAndTime()
    {
        WorkloadRequest[] requests = [Requests.Of(10, 4), Requests.Of(20, 5, 50)];
        WorkloadTotals totals = WorkloadTotals.Of(requests);
        Assert.Equal(50 + 115, totals.Volume);
        Assert.Equal(165.0 / 30 / 50, totals.Load(new SimulationSettings { KvTokens = 30 }), 1e-12);
    }

    [Fact]
    public void BusyTime_LinearCosts_CountsStepsPrefillRowsAndKv()
    {
        WorkloadTotals totals = WorkloadTotals.Of(SyntheticWorkload.Draw(RequestMixes.Get("chat"), ArrivalProcess.AtOnce, 2000, 1));
        const double Kv = 20_000;
        double steps = totals.Volume / Kv;
        double decodes = totals.OutputTokens - totals.Count;
        double expected = ((10 * steps) + (0.5 * totals.PromptTokens) + (0.2 * decodes) + (0.001 * (totals.Volume - totals.PromptTokens - totals.OutputTokens))) / 1000;
        var settings = new SimulationSettings { KvTokens = (long)Kv, CostModel = new LinearCostModel(10, 0.5, 0.2, 0.001) };
        Assert.Equal(expected, totals.BusyTime(settings).TotalSeconds, expected * 1e-3);
    }

    [Fact]
    public void BusyTime_DrainOfABacklog_TakesAtLeastAsLong()
    {
        WorkloadRequest[] requests = [.. SyntheticWorkload.Draw(RequestMixes.Get("chat"), ArrivalProcess.AtOnce, 300, 1)];
        var settings = new SimulationSettings { KvTokens = 20_000, BlockTokens = 16, CostModel = Llama2A100CostModel.Instance };
        double busy = WorkloadTotals.Of(requests).BusyTime(settings).TotalSeconds;
        Assert.InRange(Simulator.Run("svf", requests, settings).Makespan.TotalSeconds, busy, 1.6 * busy);
    }

    [Theory]
    [InlineData("gamma")]
    [InlineData("gamma:0")]
    [InlineData("tidal:2,5")]
    [InlineData("tidal:0.5")]
    [InlineData("poisson:1")]
    [InlineData("steady")]
    public void Parse_NoProcess_SaysWhatIsOne(string text) => Assert.Contains("gamma:VARIATION", Assert.Throws<FormatException>(() => ArrivalProcess.Parse(text, 1)).Message, StringComparison.Ordinal);
}
