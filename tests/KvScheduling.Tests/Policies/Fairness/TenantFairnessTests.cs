namespace KvScheduling.Tests;

public sealed class TenantFairnessTests
{
    [Theory]
    [InlineData(SchedulingPolicies.Fcfs)]
    [InlineData(SchedulingPolicies.SmallestVolumeFirst)]
    [InlineData(SchedulingPolicies.Adaptive)]
    public void Run_OneTenantFloods_TheQuietOneIsServedAsOnItsShare(string policy)
    {
        double alone = QuietLatency(policy, TenantFairness.None, flood: false, running: 8);
        double fair = QuietLatency(policy, TenantFairness.VirtualTokenCounter, flood: true, running: 16);
        double unfair = QuietLatency(policy, TenantFairness.None, flood: true, running: 16);

        Assert.True(fair <= 1.2 * alone, $"{fair} against {alone} alone.");
        Assert.True(unfair > 3 * fair, $"{unfair} without fairness, {fair} with it.");
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 1)]
    [InlineData(1, .25)]
    public void Run_BothFlood_AreServedByWeight(double first, double second)
    {
        KvSchedulingOptions options = Options(SchedulingPolicies.Fcfs, TenantFairness.VirtualTokenCounter, 4);
        options.TenantWeights["a"] = first;
        options.TenantWeights["b"] = second;
        var harness = new SchedulerHarness(SchedulerHarness.UnitRounds(4_000, 1, 64), options);
        for (int i = 0; i < 600; i++)
        {
            Add(harness, i % 2 == 0 ? "a" : "b", 10, 5 + (i % 7));
        }

        for (int step = 0; step < 300; step++)
        {
            harness.Step();
        }

        double Served(string tenant) => harness.Added.Where(request => request.Tenant == tenant && request.Starts > 0).Sum(request => request.PromptTokens + (2.0 * request.GeneratedTokens));
        Assert.Contains(harness.Added, request => request.State == RequestState.Queued);
        Assert.InRange(Served("a") / Served("b") / (first / second), .9, 1.1);
    }

    [Fact]
    public void Run_TenantComesBack_HasSavedNothingUp()
    {
        KvSchedulingOptions options = Options(SchedulingPolicies.Fcfs, TenantFairness.VirtualTokenCounter, 1);
        var harness = new SchedulerHarness(SchedulerHarness.UnitRounds(1_000, 1, 8), options);
        for (int i = 0; i < 60; i++)
        {
            Add(harness, "busy", 5, 5);
        }

        for (int step = 0; step < 100; step++)
        {
            harness.Step();
        }

        TestRequest[] back = [.. Enumerable.Range(0, 20).Select(_ => Add(harness, "back", 5, 5))];
        int before = harness.Added.Count(request => request.Tenant == "busy" && request.Starts > 0);
        for (int step = 0; step < 100; step++)
        {
            harness.Step();
        }

        int busy = harness.Added.Count(request => request.Tenant == "busy" && request.Starts > 0) - before;
        Assert.InRange(back.Count(request => request.Starts > 0) - busy, -2, 2);
        Assert.True(busy > 7);
    }

    [Fact]
    public void Run_InsideATenant_ThePolicyOrders()
    {
        KvSchedulingOptions options = Options(SchedulingPolicies.ShortestOutputFirst, TenantFairness.VirtualTokenCounter, 1);
        var harness = new SchedulerHarness(SchedulerHarness.UnitRounds(1_000, 1, 8), options, KvScheduling.Tests.Policies.Create(SchedulingPolicies.ShortestOutputFirst, options, SchedulerHarness.UnitRounds(1_000)));
        TestRequest a9 = Add(harness, "a", 5, 9);
        TestRequest a2 = Add(harness, "a", 5, 2);
        TestRequest b7 = Add(harness, "b", 5, 7);
        TestRequest b1 = Add(harness, "b", 5, 1);
        harness.Drain();

        // a is served 5 + 2 · 2 by its short one, b 5 + 2 by its own; b is behind then and goes on, and a last.
        Assert.Equal([a2, b1, b7, a9], harness.Added.OrderBy(request => request.FirstStart));
    }

    [Fact]
    public void Run_LongWait_GoesFirstInsideItsTenantOnly()
    {
        KvSchedulingOptions options = Options(SchedulingPolicies.ShortestOutputFirst, TenantFairness.VirtualTokenCounter, 1);
        options.PromoteAfter = TimeSpan.FromSeconds(30);
        EngineDescription engine = SchedulerHarness.UnitRounds(1_000, 1, 8);
        var harness = new SchedulerHarness(engine, options, KvScheduling.Tests.Policies.Create(SchedulingPolicies.ShortestOutputFirst, options, engine));
        TestRequest large = Add(harness, "a", 5, 40);
        TestRequest[] quiet = [.. Enumerable.Range(0, 200).Select(_ => Add(harness, "b", 1, 2))];
        for (int step = 0; step < 150; step++)
        {
            Add(harness, "a", 5, 4);
            harness.Step();
        }

        // Not before its time, nor much after it; and the other tenant has its half all the while.
        Assert.InRange(large.FirstStart!.Value.TotalSeconds, 30, 45);
        Assert.True(quiet.Count(request => request.Starts > 0 && request.FirstStart > large.FirstStart) > 20);
    }

    [Fact]
    public void Accounts_ManyTenantsThatCameOnce_AreForgotten()
    {
        var accounts = new TenantAccounts(new Dictionary<string, double>(), null);
        for (int i = 0; i < 50_000; i++)
        {
            var request = new TestRequest(4, 4, hints: new SchedulingHints { Tenant = "tenant-" + i });
            TenantAccount account = accounts.Join(request);
            TenantAccounts.OnStarted(request);
            request.Place.WasStarted = true;
            accounts.Leave(account);
            TenantAccounts.OnEnded(request);
            Assert.True(account.IsIdle);
        }

        Assert.True(accounts.Count <= 1_000);
    }

    [Fact]
    public void EarliestDeadline_MixedDeadlines_StartInTheirOrder()
    {
        KvSchedulingOptions options = Options(SchedulingPolicies.EarliestDeadline, TenantFairness.None, 1);
        EngineDescription engine = SchedulerHarness.UnitRounds(1_000, 1, 8);
        var harness = new SchedulerHarness(engine, options, KvScheduling.Tests.Policies.Create(SchedulingPolicies.EarliestDeadline, options, engine));
        TestRequest none = harness.Add(3, 3);
        TestRequest late = harness.Add(3, 3, hints: new SchedulingHints { Deadline = TimeSpan.FromSeconds(500) });
        harness.Now = TimeSpan.FromSeconds(10);
        TestRequest soon = harness.Add(3, 3, hints: new SchedulingHints { Deadline = TimeSpan.FromSeconds(50) });
        TestRequest second = harness.Add(3, 3);
        harness.Drain();
        Assert.Equal([soon, late, none, second], harness.Added.OrderBy(request => request.FirstStart));
    }

    [Fact]
    public void EarliestDeadline_Hopeless_IsRefusedAndNeverStarts()
    {
        KvSchedulingOptions options = Options(SchedulingPolicies.EarliestDeadline, TenantFairness.None, 1);
        EngineDescription engine = SchedulerHarness.UnitRounds(1_000, 1, 8);
        var harness = new SchedulerHarness(engine, options, KvScheduling.Tests.Policies.Create(SchedulingPolicies.EarliestDeadline, options, engine));
        harness.Add(3, 20);
        harness.Step();
        TestRequest hopeless = harness.Add(3, 30, hints: new SchedulingHints { Deadline = TimeSpan.FromSeconds(25) });
        TestRequest feasible = harness.Add(3, 5, hints: new SchedulingHints { Deadline = TimeSpan.FromSeconds(60) });
        harness.Drain();
        Assert.Equal((RequestState.Rejected, 0), (hopeless.State, hopeless.Starts));
        Assert.Equal(RequestState.Completed, feasible.State);
    }

    [Theory]
    [InlineData(null, 1)]
    [InlineData(10, 1)]
    public void PriorityAgeing_LowTierUnderConstantHighLoad_IsServedInItsTime(int? ageing, int low)
    {
        KvSchedulingOptions options = SchedulerHarness.PureOptions();
        options.MaxRunningRequests = 1;
        options.PriorityAgeing = ageing is int seconds ? TimeSpan.FromSeconds(seconds) : null;
        var harness = new SchedulerHarness(SchedulerHarness.UnitRounds(1_000, 1, 8), options) { CheckAlways = true };
        harness.Add(3, 4, hints: new SchedulingHints { Priority = 9 });
        TestRequest waiting = harness.Add(3, 4, hints: new SchedulingHints { Priority = low });
        for (int round = 0; round < 200; round++)
        {
            if (round % 2 == 0)
            {
                harness.Add(3, 4, hints: new SchedulingHints { Priority = 5 });
            }

            harness.Step();
        }

        if (ageing is null)
        {
            Assert.Equal(0, waiting.Starts);
        }
        else
        {
            // The high tier's own line grows old too: its oldest waits about as long as the low one minus the four priorities between.
            Assert.InRange(waiting.FirstStart!.Value.TotalSeconds, 40, 120);
        }
    }

    [Fact]
    public void PriorityAgeing_RequestsOfOnePriority_KeepThePolicysOrder()
    {
        foreach (TimeSpan? ageing in new TimeSpan?[] { null, TimeSpan.FromSeconds(1) })
        {
            KvSchedulingOptions options = SchedulerHarness.PureOptions();
            options.PriorityAgeing = ageing;
            options.MaxRunningRequests = 1;
            EngineDescription engine = SchedulerHarness.UnitRounds(1_000, 1, 8);
            var harness = new SchedulerHarness(engine, options, KvScheduling.Tests.Policies.Create(SchedulingPolicies.ShortestOutputFirst, options, engine));
            TestRequest[] requests = [.. new[] { 9, 3, 6 }.Select(output => harness.Add(2, output))];
            harness.Drain();
            Assert.Equal([requests[1], requests[2], requests[0]], requests.OrderBy(request => request.FirstStart));
        }
    }

    private static KvSchedulingOptions Options(string policy, TenantFairness fairness, int running)
    {
        KvSchedulingOptions options = SchedulerHarness.PureOptions();
        options.Policy = policy;
        options.Fairness = fairness;
        options.MaxRunningRequests = running;
        return options;
    }

    private static TestRequest Add(SchedulerHarness harness, string tenant, int prompt, int output) =>
        harness.Add(prompt, output, hints: new SchedulingHints { Tenant = tenant });

    /// <summary>The 99th percentile of the quiet tenant's latency: it uses about half of its share.</summary>
    private static double QuietLatency(string policy, TenantFairness fairness, bool flood, int running)
    {
        KvSchedulingOptions options = Options(policy, fairness, running);
        options.PromoteAfter = TimeSpan.FromSeconds(30);
        EngineDescription engine = SchedulerHarness.UnitRounds(100_000, 16, 64);
        var harness = new SchedulerHarness(engine, options, KvScheduling.Tests.Policies.Create(policy, options, engine)) { CheckAlways = false };
        var random = new Random(6);
        List<TestRequest> quiet = [];
        for (int round = 0; round < 1_500; round++)
        {
            if (round % 8 == 0)
            {
                quiet.Add(Add(harness, "quiet", 20, 20 + random.Next(20)));
            }

            for (int i = 0; flood && i < 3; i++)
            {
                Add(harness, "flood", 20, 5 + random.Next(40));
            }

            harness.Step();
        }

        // Those that still run or wait have waited at least this long.
        double[] latencies = [.. quiet.Select(request => ((request.Endings > 0 ? request.EndedAt : harness.Now) - request.ArrivalTime).TotalSeconds).Order()];
        return latencies[(int)(.99 * latencies.Length)];
    }
}
