namespace KvScheduling.Tests;

/// <summary>WAIT and Nested WAIT as they run live: what they hold, for how long, and whom they leave alone.</summary>
public sealed class StreamingGateTests
{
    private const long KvBudget = 100_000;
    private static readonly string[] Gating = [SchedulingPolicies.Wait, SchedulingPolicies.NestedWait];

    public static TheoryData<string> Names => [.. Gating];

    [Theory]
    [MemberData(nameof(Names))]
    public void Run_LightLoad_NobodyIsEverHeld(string policy)
    {
        StreamDriver gated = Run(policy, rate: 2, seconds: 400);
        StreamDriver plain = Run(SchedulingPolicies.Fcfs, rate: 2, seconds: 400);
        Assert.True(gated.Core.Counters.Completed > 700);
        Assert.Equal(0, gated.Core.Counters.Held);
        Assert.Equal(Ends(plain), Ends(gated));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Run_HeavyLoad_HoldsForMomentsOnly(string policy)
    {
        StreamDriver driver = Run(policy, rate: 80, seconds: 40, Large);
        Assert.True(driver.Core.Counters.Held > 200);
        Assert.Contains(SchedulingRegime.Cohorts, driver.Regimes.Select(regime => regime.Regime));
        List<TestRequest> held = [.. Requests(driver).Where(request => request.HoldTime > TimeSpan.Zero)];
        Assert.True(held.Count > 200);

        // A hold is noticed when a step is planned: at most a step later than its limit.
        TimeSpan step = driver.Batches.Max(batch => batch.Ended - batch.Begun);
        Assert.All(Requests(driver), request => Assert.True(request.HoldTime <= TimeSpan.FromMilliseconds(300) + step));
        Assert.Equal(driver.Core.Counters.Held, driver.Decisions.Count(decision => decision.Reason == DecisionReason.WaitsForCohort));
        Assert.All(Requests(driver), request => Assert.Equal(RequestState.Completed, request.State));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Run_MaxHold_BoundsEveryHold(string policy)
    {
        StreamDriver driver = Run(policy, rate: 80, seconds: 40, options =>
        {
            Large(options);
            options.Wait.MaxHold = TimeSpan.Zero;
            options.NestedWait.SegmentCount = 1;
        });
        Assert.Equal(0, driver.Core.Counters.Held);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Run_BypassAboveWhatRuns_HoldsNobody(string policy) =>
        Assert.Equal(0, Held(policy, options => options.Wait.BypassBelow = 10_000));

    [Theory]
    [MemberData(nameof(Names))]
    public void Run_WarmingUp_HoldsNobody(string policy)
    {
        Assert.Equal(0, Held(policy, options =>
        {
            options.Wait.WarmUpCompletions = int.MaxValue;
            options.Wait.WarmUpTime = TimeSpan.FromHours(1);
        }));
        Assert.True(Held(policy, options =>
        {
            options.Wait.WarmUpCompletions = int.MaxValue;
            options.Wait.WarmUpTime = TimeSpan.FromSeconds(10);
        }) > 0);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Run_OneStepPerCycle_GathersTooFewToHold(string policy) =>
        Assert.Equal(0, Held(policy, options =>
        {
            options.Wait.CycleSteps = 1;
            options.NestedWait.SegmentCount = 1;
        }));

    [Fact]
    public void Run_MoreSlack_HoldsLonger()
    {
        TimeSpan Hold(double slack) => TimeSpan.FromTicks(Requests(Run(SchedulingPolicies.Wait, 80, 40, options =>
        {
            Large(options);
            options.Wait.Slack = slack;
        })).Sum(request => request.HoldTime.Ticks));
        Assert.True(Hold(2) > 1.3 * Hold(0));
    }

    [Theory]
    [InlineData(4, 1)]
    [InlineData(1, 4)]
    public void Run_MoreBins_FormOtherCohorts(int prompts, int outputs)
    {
        TimeSpan[] Holds(int promptBins, int outputBins) => [.. Requests(Run(SchedulingPolicies.Wait, 80, 40, options =>
        {
            Large(options);
            options.Wait.PromptBins = promptBins;
            options.Wait.OutputBins = outputBins;
        })).Select(request => request.HoldTime)];
        Assert.NotEqual(Holds(1, 1), Holds(prompts, outputs));
    }

    [Fact]
    public void Run_RateWindowAndRefitInterval_DecideHowSoonThresholdsFollow()
    {
        TimeSpan[] Holds(double window, double interval) => [.. Requests(Run(SchedulingPolicies.Wait, 80, 40, options =>
        {
            Large(options);
            options.Wait.RateWindow = TimeSpan.FromSeconds(window);
            options.Wait.RefitInterval = TimeSpan.FromSeconds(interval);
        })).Select(request => request.HoldTime)];
        TimeSpan[] usual = Holds(60, 5);
        Assert.NotEqual(usual, Holds(60, 25));
        Assert.NotEqual(usual, Holds(2, 5));
    }

    [Fact]
    public void Decide_LongOutputsAbovePlan_HoldsOnlyWhileKvIsShort()
    {
        NestedWaitGate gate = Learned(3, .001, TimeSpan.FromHours(1));
        Assert.False(Holds(gate, residents: 2_000, KvBudget / 2));
        Assert.True(Holds(gate, residents: 2_000, KvBudget));
        Assert.False(Holds(gate, residents: 16, KvBudget));
    }

    [Fact]
    public void Decide_SegmentsHorizonAndFailureProbability_DecideHowManyLongOutputsArePlanned()
    {
        int Planned(int segments, double failure, TimeSpan horizon)
        {
            NestedWaitGate gate = Learned(segments, failure, horizon);
            return Enumerable.Range(8, 2_000).FirstOrDefault(residents => Holds(gate, residents, KvBudget), int.MaxValue);
        }

        int usual = Planned(3, .001, TimeSpan.FromHours(1));
        Assert.Equal(int.MaxValue, Planned(1, .001, TimeSpan.FromHours(1)));
        Assert.True(usual < int.MaxValue);
        Assert.True(usual > Planned(3, .9, TimeSpan.FromHours(1)));
        Assert.True(usual > Planned(3, .001, TimeSpan.FromMilliseconds(1)));
    }

    [Fact]
    public void Run_WaveOnPlentyOfKv_SegmentsDelayNobody()
    {
        List<TimeSpan> nested = Ends(Wave(segments: 3));
        Assert.Equal(Ends(Wave(segments: 1)), nested);
    }

    [Fact]
    public void Run_HeldHead_DoesNotBlockAnotherCohort()
    {
        StreamDriver driver = Run(SchedulingPolicies.Wait, 80, 40, Large);
        int passed = 0;
        foreach (TestRequest held in Requests(driver).Where(request => request.HoldTime > TimeSpan.Zero))
        {
            passed += Requests(driver).Any(other => other.ArrivalIndex > held.ArrivalIndex && other.FirstStart < held.FirstStart) ? 1 : 0;
        }

        Assert.True(passed > 0);
    }

    [Theory]
    [InlineData(0.3, 1)]
    [InlineData(1.9, 1)]
    [InlineData(2.9999999999999, 3)]
    [InlineData(7.2, 7)]
    public void Aim_FractionOfARequest_IsNotWaitedFor(double arrivals, int threshold)
    {
        var cohort = new Cohort(TimeSpan.FromMinutes(1));
        cohort.Aim(arrivals);
        Assert.Equal(threshold, cohort.Threshold);
    }

    [Fact]
    public void NextWake_RequestIsHeld_IsWhenItsHoldEnds()
    {
        var gate = new WaitGate(new PolicyContext(new KvSchedulingOptions { Wait = { MaxHold = TimeSpan.FromSeconds(3), BypassBelow = 1 } }, SchedulerHarness.UnitRounds(1000), 1000));
        var line = new CohortLine(gate);
        var request = new TestRequest(5, 5);
        Cohort cohort = gate.CohortAt(0);
        cohort.Threshold = 2;
        request.Place.WaitTicket = request.Place.NextTicket();
        request.Place.WaitingSince = TimeSpan.FromSeconds(10);
        gate.Decide(new GateConditions(TimeSpan.FromSeconds(9), [new SequenceSlot(0)], 0));
        line.Add(request);
        gate.OnQueued(request, TimeSpan.FromSeconds(10));
        gate.Decide(new GateConditions(TimeSpan.FromSeconds(10), [new SequenceSlot(0)], 0));
        Assert.True(gate.IsHeld(request));
        Assert.Equal(TimeSpan.FromSeconds(13), gate.NextWake);
        gate.Decide(new GateConditions(TimeSpan.FromSeconds(13), [new SequenceSlot(0)], 0));
        Assert.False(gate.IsHeld(request));
        Assert.Null(gate.NextWake);
    }

    [Fact]
    public void Fit_StepsOfALinearEngine_FindsItsCoefficients()
    {
        var random = new Random(3);
        var fit = new StepCostFit();
        for (int i = 0; i < 3_000; i++)
        {
            StepShape shape = default;
            for (int chunk = random.Next(3); chunk > 0; chunk--)
            {
                shape.AddPrefill(1 + random.Next(500), 0);
            }

            for (int row = random.Next(60); row > 0; row--)
            {
                shape.AddDecode(1 + random.Next(900));
            }

            double noise = 1 + ((random.NextDouble() - .5) * .02);
            double seconds = 8e-3 + (shape.PrefillChunks > 0 ? 5e-3 : 0) + (6e-5 * shape.PrefillTokens) + (7e-5 * shape.DecodeRows) + (3e-7 * (shape.DecodeKvTokens + shape.DecodeRows));
            fit.Add(shape, TimeSpan.FromSeconds(seconds * noise));
        }

        Assert.True(fit.IsReady);
        StepCosts costs = fit.Fit();
        Assert.Equal(8e-3, costs.Base, 6e-4);
        Assert.Equal(5e-3, costs.PrefillExtra, 1e-3);
        Assert.Equal(6e-5, costs.PerPrefillToken, 3e-6);
        Assert.Equal(7e-5, costs.PerDecodeRow, 2e-5);
        Assert.Equal(3e-7, costs.PerKvToken, 4e-8);
    }

    [Fact]
    public void Fit_EqualPrompts_CountsWhatCantBeToldApartAsProportional()
    {
        var fit = new StepCostFit();
        for (int i = 0; i < 2_000; i++)
        {
            StepShape shape = default;
            if (i % 3 == 0)
            {
                shape.AddPrefill(100, 0);
            }

            for (int row = 0; row < 10; row++)
            {
                shape.AddDecode(100 + (i % 50));
            }

            fit.Add(shape, TimeSpan.FromSeconds(.01 + (i % 3 == 0 ? .02 : 0)));
        }

        StepCosts costs = fit.Fit();
        Assert.True(costs.PrefillExtra < 1e-3);
        Assert.Equal(2e-4, costs.PerPrefillToken, 2e-5);
    }

    [Fact]
    public void PerSecond_SlidingWindow_ForgetsOldArrivals()
    {
        var rate = new ArrivalRate(TimeSpan.FromSeconds(60));
        Assert.Equal(0, rate.PerSecond(TimeSpan.FromSeconds(1)));
        for (int i = 0; i < 100; i++)
        {
            rate.Add(TimeSpan.FromSeconds(10 + (i * .1)));
        }

        Assert.Equal(10, rate.PerSecond(TimeSpan.FromSeconds(20)), .2);
        Assert.Equal(100 / 60.0, rate.PerSecond(TimeSpan.FromSeconds(69.5)), .02);
        Assert.Equal(0, rate.PerSecond(TimeSpan.FromSeconds(200)));
    }

    /// <summary>Segments are learned from a quiet stream, and then a wave comes.</summary>
    private static StreamDriver Wave(int segments) => Run(
        SchedulingPolicies.NestedWait,
        40,
        20,
        options =>
        {
            options.Wait.WarmUpCompletions = 100;
            options.Wait.RefitInterval = TimeSpan.FromSeconds(15);
            options.NestedWait.SegmentCount = segments;
        },
        wave: 400,
        kvTokens: 400_000);

    /// <summary>A gate that has seen a stream of short and long outputs.</summary>
    private static NestedWaitGate Learned(int segments, double failure, TimeSpan horizon)
    {
        var options = new KvSchedulingOptions
        {
            Wait = { WarmUpCompletions = 100 },
            NestedWait = { SegmentCount = segments, FailureProbability = failure, Horizon = horizon },
        };
        var gate = new NestedWaitGate(new PolicyContext(options, SchedulerHarness.UnitRounds(KvBudget), KvBudget));
        for (int i = 0; i < 400; i++)
        {
            var request = new TestRequest(100, 200, id: i) { GeneratedTokens = i % 2 == 0 ? 10 : 100 };
            Queue(gate, request, TimeSpan.FromSeconds(i * .05));
            request.Place.WaitTicket = 0;
            gate.OnLeft(request);
            gate.OnCompleted(request);
            StepShape shape = default;
            shape.AddDecode(100);
            if (i % 2 == 0)
            {
                shape.AddPrefill(100, 0);
            }

            gate.OnStep(shape, TimeSpan.FromSeconds(Seconds(shape)));
        }

        Queue(gate, new TestRequest(100, 200), TimeSpan.FromSeconds(20));
        return gate;
    }

    private static void Queue(NestedWaitGate gate, TestRequest request, TimeSpan now)
    {
        request.Place.WaitTicket = request.Place.NextTicket();
        request.Place.WaitingSince = now;
        gate.OnQueued(request, now);
    }

    /// <summary>Whether a newcomer is held while so many long outputs run.</summary>
    private static bool Holds(NestedWaitGate gate, int residents, long kvUsedTokens)
    {
        List<SequenceSlot> running = [.. Enumerable.Range(0, residents).Select(id => new SequenceSlot(id) { Request = new TestRequest(100, 200) { GeneratedTokens = 90 } })];
        gate.Decide(new GateConditions(TimeSpan.FromSeconds(21), running, kvUsedTokens));
        return gate.IsHeld(new TestRequest(100, 200));
    }

    private static long Held(string policy, Action<KvSchedulingOptions> configure) => Run(policy, 80, 40, options =>
    {
        Large(options);
        configure(options);
    }).Core.Counters.Held;

    /// <summary>A coarse clock, at which cohorts have more than one.</summary>
    private static void Large(KvSchedulingOptions options)
    {
        options.Wait.CycleSteps = 12;
        options.Wait.WarmUpCompletions = 100;
        options.Wait.RefitInterval = TimeSpan.FromSeconds(5);
        options.Wait.MaxHold = TimeSpan.FromMilliseconds(300);
    }

    private static StreamDriver Run(string policy, double rate, double seconds, Action<KvSchedulingOptions>? configure = null, double wave = 0, long kvTokens = 30_000)
    {
        KvSchedulingOptions options = new() { Policy = policy, MaxRunningRequests = 256 };
        configure?.Invoke(options);
        EngineDescription engine = SchedulerHarness.UnitRounds(kvTokens, 16, 256) with { MaxStepTokens = 4096 };
        var driver = new StreamDriver(engine, options, Seconds);
        var random = new Random(17);
        List<(TimeSpan, TestRequest)> arrivals = [];
        for (double now = 0; now < seconds + (wave > 0 ? 3 : 0); now += -Math.Log(1 - random.NextDouble()) / (now < seconds ? rate : wave))
        {
            int output = random.Next(2) == 0 ? 4 + random.Next(12) : 20 + random.Next(80);
            var hints = new SchedulingHints { ExpectedOutputTokens = random.Next(2) == 0 ? output : null };
            arrivals.Add((TimeSpan.FromSeconds(now), new TestRequest(20 + random.Next(300), 120, output, hints, arrivals.Count)));
        }

        driver.Run(arrivals);
        return driver;
    }

    private static double Seconds(StepShape shape) =>
        4e-3 + (shape.PrefillChunks > 0 ? 1e-3 : 0) + (1e-5 * shape.PrefillTokens) + (2e-5 * shape.DecodeRows) + (1e-8 * shape.DecodeKvTokens);

    private static List<TestRequest> Requests(StreamDriver driver) => [.. driver.Engine.Seen.OrderBy(request => request.Id)];

    private static List<TimeSpan> Ends(StreamDriver driver) => [.. Requests(driver).Select(request => request.EndedAt)];
}
