namespace KvScheduling.Tests;

public sealed class PaperExactTests
{
    private static readonly TimeSpan Never = TimeSpan.FromDays(1);

    [Fact]
    public void Run_PublishedWaitExample_RunsItsBatches()
    {
        StreamDriver driver = Wait(Never, [(2, 3, 2)]);
        TestRequest[] requests = RunExample(driver, TimeSpan.FromMinutes(1));
        Assert.Equal([(.5, 1.9, 4L), (1.9, 3.9, 10L), (6.0, 8.8, 18L)], driver.Batches.Select(batch => (batch.Begun.TotalSeconds, batch.Ended.TotalSeconds, batch.KvTokens)));
        Assert.Equal([8.8, 8.8], requests.Where(request => request.State == RequestState.Completed).Select(request => request.EndedAt.TotalSeconds));
        Assert.Equal([0, 1], requests.Where(request => request.State == RequestState.Completed).Select(request => request.Id));
        Assert.Equal(4, requests.Count(request => request.State < RequestState.Completed));
    }

    [Fact]
    public void Run_ProgressRule_FinishesWhatThePaperFreezes()
    {
        StreamDriver driver = Wait(TimeSpan.FromSeconds(5), [(2, 3, 2)]);
        TestRequest[] requests = RunExample(driver, null);
        Assert.All(requests, request => Assert.Equal(RequestState.Completed, request.State));
        Assert.Equal(TimeSpan.FromSeconds(11), driver.Batches[3].Begun);
    }

    [Fact]
    public void Run_TwoTypes_AnUndueTypeIsPausedWhole()
    {
        StreamDriver driver = Wait(Never, [(1, 2, 1), (1, 5, 2)], kv: 40);
        List<(TimeSpan, TestRequest)> arrivals = [At(0, 1, 5, 0), At(0, 1, 5, 1), At(.1, 1, 2, 2), At(10, 1, 2, 3)];
        driver.Run(arrivals, TimeSpan.FromMinutes(1));

        // The long ones are prefilled together, and frozen from then on: no third one comes.
        Assert.Equal([RequestState.Running, RequestState.Running], arrivals.Take(2).Select(arrival => arrival.Item2.State));
        Assert.All(arrivals.Take(2), arrival => Assert.Single(arrival.Item2.Tokens));

        // A type of threshold 1 runs whenever one waits, and its residents with it; the last one's second token would need another arrival.
        Assert.Equal(RequestState.Completed, arrivals[2].Item2.State);
        Assert.Single(arrivals[3].Item2.Tokens);
        Assert.Equal(TimeSpan.FromSeconds(10), driver.Batches[^1].Begun);
    }

    [Fact]
    public void Run_ThresholdsOfTheIntegerRule_HoldNoMoreKvThanTheySay()
    {
        FluidType[] types = [FluidType.Of(3, 20, 9), FluidType.Of(1, 40, 19)];
        var cost = FluidCost.PerKvToken(.05, 1e-5);
        WaitThresholds selected = WaitThresholds.Select(types, cost, 1e6, .1);
        Assert.True(selected.IsFeasible);
        StreamDriver driver = Wait(Never, [(20, 10, selected.Thresholds[0]), (40, 20, selected.Thresholds[1])], kv: (long)selected.KvTokens, seconds: Paper(.05, 1e-5));
        driver.CheckAlways = true;
        var random = new Random(5);
        List<(TimeSpan, TestRequest)> arrivals = [];
        double now = 0;
        for (int i = 0; i < 400; i++)
        {
            now += -Math.Log(1 - random.NextDouble()) / 4;
            bool isLong = random.Next(4) == 0;
            arrivals.Add(At(now, isLong ? 40 : 20, isLong ? 20 : 10, i));
        }

        driver.Run(arrivals, TimeSpan.FromSeconds(now + 60));
        Assert.Equal(0, driver.Core.Counters.Evictions);
        Assert.True(driver.Core.Counters.Completed > 300);
        Assert.True(driver.Batches.Max(batch => batch.KvTokens) > selected.KvTokens / 3);
    }

    [Fact]
    public void Run_NestedStrict_LaterSegmentWaitsForTheEarlierOnes()
    {
        foreach (bool strict in new[] { true, false })
        {
            StreamDriver driver = Nested(strict, 100, [(2, 2), (6, 2)]);
            List<(TimeSpan, TestRequest)> arrivals = [At(0, 3, 6, 0, actual: 4), At(0, 3, 6, 1, actual: 4), At(0, 3, 6, 2, actual: 2), At(0, 3, 6, 3, actual: 2)];
            driver.Run(arrivals, TimeSpan.FromSeconds(50));

            // 0 and 1 are prefilled with two more in the line; then the second pair, with stage 1 of the first. After that nobody waits at the entry.
            int done = arrivals.Count(arrival => arrival.Item2.State == RequestState.Completed);
            int most = arrivals.Max(arrival => arrival.Item2.Tokens.Count);
            Assert.Equal(strict ? (0, 2) : (0, 3), (done, most));
        }
    }

    [Fact]
    public void Run_NestedOutOfKv_EvictsTheLatestAtABoundary()
    {
        StreamDriver driver = Nested(strict: true, kv: 26, [(1, 1), (8, 6)], progressAfter: TimeSpan.FromSeconds(40));
        driver.CheckAlways = true;
        List<(TimeSpan, TestRequest)> arrivals = [.. Enumerable.Range(0, 6).Select(i => At(i * 3, 4, 8, i))];
        driver.Run(arrivals);
        Assert.All(arrivals, arrival => Assert.Equal(8, arrival.Item2.Tokens.Count));
        (SchedulableRequest victim, _, TimeSpan at) = driver.Decisions.First(decision => decision.Reason == DecisionReason.EvictedForKv);
        Assert.Equal(
            driver.Decisions.Last(decision => decision.Reason == DecisionReason.StartedAsHead && decision.At < at).Request.ArrivalIndex, victim.ArrivalIndex);
    }

    [Theory]
    [InlineData(SchedulingPolicies.Wait)]
    [InlineData(SchedulingPolicies.NestedWait)]
    public void Create_EngineThatCantHold_SaysWhatToDo(string policy)
    {
        KvSchedulingOptions options = Options(policy, Never);
        options.Wait.Types.Add(new WaitTypeOptions { PromptTokens = 1, OutputTokens = 1 });
        options.NestedWait.Segments.Add(new NestedSegmentOptions { EndTokens = 1 });
        EngineDescription engine = SchedulerHarness.UnitRounds(100) with { Hold = HoldSupport.None };
        InvalidOperationException error = Assert.Throws<InvalidOperationException>(
            () => new SchedulerCore(options, engine, KvScheduling.Tests.Policies.Create(policy, options, engine)));
        Assert.Contains($"'{policy}'", error.Message, StringComparison.Ordinal);
        Assert.Contains("HoldSupport.Free", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(SchedulingPolicies.Wait, "Types")]
    [InlineData(SchedulingPolicies.NestedWait, "Segments")]
    public void Create_NothingConfigured_NamesTheOption(string policy, string option)
    {
        KvSchedulingOptions options = Options(policy, Never);
        EngineDescription engine = SchedulerHarness.UnitRounds(100);
        ArgumentException error = Assert.Throws<ArgumentException>(KvScheduling.Tests.Policies.Create(policy, options, engine));
        Assert.Contains(option, error.Message, StringComparison.Ordinal);
    }

    private static KvSchedulingOptions Options(string policy, TimeSpan progressAfter)
    {
        KvSchedulingOptions options = SchedulerHarness.PureOptions(KvReservation.Predicted);
        options.Policy = policy;
        options.Wait.PaperExact = options.NestedWait.PaperExact = true;
        options.Wait.ProgressAfter = progressAfter;
        return options;
    }

    private static StreamDriver Wait(TimeSpan progressAfter, (int Prompt, int Output, int Threshold)[] types, long kv = 18, Func<StepShape, double>? seconds = null)
    {
        KvSchedulingOptions options = Options(SchedulingPolicies.Wait, progressAfter);
        foreach ((int prompt, int output, int threshold) in types)
        {
            options.Wait.Types.Add(new WaitTypeOptions { PromptTokens = prompt, OutputTokens = output, Threshold = threshold });
        }

        return new StreamDriver(SchedulerHarness.UnitRounds(kv), options, seconds ?? Paper(1, .1));
    }

    private static StreamDriver Nested(bool strict, long kv, (int End, int Threshold)[] segments, TimeSpan? progressAfter = null)
    {
        KvSchedulingOptions options = Options(SchedulingPolicies.NestedWait, progressAfter ?? Never);
        options.NestedWait.StrictPrefix = strict;
        foreach ((int end, int threshold) in segments)
        {
            options.NestedWait.Segments.Add(new NestedSegmentOptions { EndTokens = end, Threshold = threshold });
        }

        return new StreamDriver(SchedulerHarness.UnitRounds(kv), options, _ => 1);
    }

    /// <summary>The paper's iteration time: KV tokens of everybody in the batch, after it.</summary>
    private static Func<StepShape, double> Paper(double d0, double d1) =>
        shape => d0 + (d1 * (shape.PrefillTokens + shape.DecodeKvTokens + shape.DecodeRows));

    private static TestRequest[] RunExample(StreamDriver driver, TimeSpan? until)
    {
        double[] times = [0, .5, 1, 1.2, 1.3, 6];
        TestRequest[] requests = [.. times.Select((_, i) => new TestRequest(2, 3, id: i))];
        driver.CheckAlways = true;
        driver.Run([.. times.Zip(requests, (time, request) => (TimeSpan.FromSeconds(time), request))], until);
        return requests;
    }

    private static (TimeSpan, TestRequest) At(double seconds, int prompt, int limit, int id, int? actual = null) =>
        (TimeSpan.FromSeconds(seconds), new TestRequest(prompt, limit, actual, id: id));
}
