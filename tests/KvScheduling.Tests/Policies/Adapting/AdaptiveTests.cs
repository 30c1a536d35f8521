namespace KvScheduling.Tests;

public sealed class AdaptiveTests
{
    [Theory]
    [InlineData(0, 0.005, 20, 1)]
    [InlineData(10, 0, 20, 1)]
    [InlineData(10, 0.005, 1, 1)]
    [InlineData(5, 0.005, 20, 1)]
    [InlineData(40, 0.005, 40, 4)]
    [InlineData(100, 0.02, 100, 20)]
    public void Size_CohortEconomy_IsTheEconomicBatch(double rate, double extra, double running, int expected) =>
        Assert.Equal(expected, CohortEconomy.Size(rate, extra, running));

    [Fact]
    public void Size_AnyProduct_IsTheBestOfAll()
    {
        for (double product = .1; product < 2_000; product *= 1.07)
        {
            int best = Enumerable.Range(1, 255).MaxBy(k => (k - 1) * ((product / k) - .5));
            double gain = (best - 1) * ((product / best) - .5);
            Assert.Equal(gain > .5 ? best : 1, CohortEconomy.Size(product, 1, 1));
        }
    }

    [Fact]
    public void Drain_EverybodyAtOnce_EqualsSortedF()
    {
        var random = new Random(4);
        (int, int)[] sizes = [.. Enumerable.Range(0, 80).Select(_ => (1 + random.Next(40), 1 + random.Next(30)))];
        Backlog adaptive = Backlog.Drain(SchedulingPolicies.Adaptive, 120, sizes);
        Assert.Equal(Backlog.Drain(SchedulingPolicies.SortedF, 120, sizes).StartRounds, adaptive.StartRounds);
        Assert.NotEqual(Backlog.Drain(SchedulingPolicies.Fcfs, 120, sizes).StartRounds, adaptive.StartRounds);
    }

    [Fact]
    public void Run_Stream_StartsAsFirstComeFirstServedDoes()
    {
        foreach (double rate in new[] { 3.0, 12 })
        {
            StreamDriver adaptive = Run(SchedulingPolicies.Adaptive, rate);
            StreamDriver plain = Run(SchedulingPolicies.Fcfs, rate);
            Assert.Empty(adaptive.Regimes);
            Assert.Equal(0, adaptive.Core.Counters.Held);
            Assert.Equal(Starts(plain), Starts(adaptive));
        }
    }

    [Fact]
    public void Run_BurstIntoAStream_SwitchesThereAndBack()
    {
        List<(TimeSpan At, TestRequest Request)> arrivals = Stream(4, 60);
        int burst = arrivals.FindIndex(arrival => arrival.At > TimeSpan.FromSeconds(20));
        arrivals.InsertRange(burst, Enumerable.Range(0, 200).Select(i => (arrivals[burst].At, new TestRequest(10 + (i * 37 % 300), 120, 10 + (i * 53 % 110), id: 10_000 + i))));
        StreamDriver driver = Create(SchedulingPolicies.Adaptive, Plain);
        driver.Run(arrivals);
        Assert.Equal([SchedulingRegime.Backlog, SchedulingRegime.Stream], driver.Regimes.Select(regime => regime.Regime));
        Assert.InRange(driver.Regimes[0].At, arrivals[burst].At, arrivals[burst].At + TimeSpan.FromSeconds(1));
        Assert.Equal(2, driver.Core.Counters.RegimeSwitches);

        StreamDriver fcfs = Create(SchedulingPolicies.Fcfs, Plain);
        List<(TimeSpan At, TestRequest Request)> again = [.. arrivals.Select(arrival => (arrival.At, new TestRequest(arrival.Request.PromptTokens, 120, arrival.Request.ActualOutput, id: arrival.Request.Id)))];
        fcfs.Run(again);
        Assert.True(MeanLatency(arrivals) < MeanLatency(again));
    }

    [Fact]
    public void Run_PrefillStepsCostMuchAndManyRun_FormsCohortsThatPay()
    {
        StreamDriver adaptive = Run(SchedulingPolicies.Adaptive, 40, Costly, 60);
        StreamDriver plain = Run(SchedulingPolicies.Fcfs, 40, Costly, 60);
        Assert.Contains(SchedulingRegime.Cohorts, adaptive.Regimes.Select(regime => regime.Regime));
        Assert.True(adaptive.Core.Counters.Held > 100);
        Assert.True(MeanLatency(adaptive) < MeanLatency(plain), $"{MeanLatency(adaptive)} is not below {MeanLatency(plain)}.");
    }

    [Fact]
    public void Run_BacklogTrickles_KeepsTheOrderBySizeWhileItIsMostOfTheLine()
    {
        StreamDriver driver = Create(SchedulingPolicies.Adaptive, Plain);
        List<(TimeSpan, TestRequest)> arrivals = [];
        for (int i = 0; i < 300; i++)
        {
            var request = new TestRequest(50 + (i * 37 % 200), 120, 20 + (i * 53 % 100), id: i);
            request.Place.IsBulk = true;
            arrivals.Add((TimeSpan.FromMilliseconds(10 * i), request));
        }

        driver.Run(arrivals);
        Assert.Equal(SchedulingRegime.Backlog, driver.Regimes[0].Regime);
        Assert.NotEqual(arrivals.Select(arrival => arrival.Item2.Id), driver.Engine.Seen.OrderBy(request => request.FirstStart).Select(request => request.Id));
    }

    private static double Plain(StepShape shape) => .02 + (5e-5 * shape.PrefillTokens) + (1e-4 * shape.DecodeRows);

    private static double Costly(StepShape shape) => .004 + (shape.PrefillChunks > 0 ? .03 : 0) + (1e-6 * shape.PrefillTokens) + (1e-5 * shape.DecodeRows);

    private static StreamDriver Create(string policy, Func<StepShape, double> seconds)
    {
        KvSchedulingOptions options = new() { Policy = policy, Wait = { MaxHold = TimeSpan.FromSeconds(1), WarmUpCompletions = 100, RefitInterval = TimeSpan.FromSeconds(5) } };
        return new StreamDriver(SchedulerHarness.UnitRounds(4_000 * (seconds == Costly ? 10 : 1), 16, 256) with { MaxStepTokens = 2048 }, options, seconds);
    }

    private static List<(TimeSpan At, TestRequest Request)> Stream(double rate, double seconds)
    {
        var random = new Random(23);
        List<(TimeSpan, TestRequest)> arrivals = [];
        for (double now = 0; now < seconds; now += -Math.Log(1 - random.NextDouble()) / rate)
        {
            arrivals.Add((TimeSpan.FromSeconds(now), new TestRequest(10 + random.Next(150), 120, 10 + random.Next(110), id: arrivals.Count)));
        }

        return arrivals;
    }

    private static StreamDriver Run(string policy, double rate, Func<StepShape, double>? seconds = null, double length = 100)
    {
        StreamDriver driver = Create(policy, seconds ?? Plain);
        driver.Run(Stream(rate, length));
        return driver;
    }

    private static List<TimeSpan?> Starts(StreamDriver driver) => [.. driver.Engine.Seen.OrderBy(request => request.Id).Select(request => request.FirstStart)];

    private static double MeanLatency(StreamDriver driver) => driver.Engine.Seen.Average(request => (request.EndedAt - request.ArrivalTime).TotalSeconds);

    private static double MeanLatency(List<(TimeSpan At, TestRequest Request)> arrivals) => arrivals.Average(arrival => (arrival.Request.EndedAt - arrival.At).TotalSeconds);
}
