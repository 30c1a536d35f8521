namespace KvScheduling.Tests;

/// <summary>Drains a backlog in unit rounds: everybody is there at round 0, and nothing but memory and order decides.</summary>
internal sealed class Backlog
{
    private Backlog(List<TestRequest> requests, SchedulerHarness harness)
    {
        Requests = requests;
        Harness = harness;
    }

    public List<TestRequest> Requests { get; }

    public SchedulerHarness Harness { get; }

    /// <summary>TEL: the sum of completion rounds.</summary>
    public long TotalLatency => Requests.Sum(request => (long)request.EndedAt.TotalSeconds);

    public int[] StartRounds => Requests.Select(request => (int)request.FirstStart!.Value.TotalSeconds).ToArray();

    public static Backlog Drain(
        string policy, long kv, IEnumerable<(int Prompt, int Output)> requests, Action<KvSchedulingOptions>? configure = null, int block = 1)
    {
        KvSchedulingOptions options = SchedulerHarness.PureOptions();
        configure?.Invoke(options);
        EngineDescription engine = SchedulerHarness.UnitRounds(kv, block);
        var harness = new SchedulerHarness(engine, options, Policies.Create(policy, options, engine));
        List<TestRequest> added = requests.Select((size, index) => harness.Add(new TestRequest(size.Prompt, size.Output, id: index))).ToList();
        harness.CheckAlways = added.Count <= 200;
        while (harness.Core.HasWork)
        {
            Assert.True(harness.Step() || harness.Core.WaitingCount == 0, "A round was idle while work waited.");
        }

        Assert.All(added, request => Assert.Equal((1, 1, request.ActualOutput), (request.Starts, request.Endings, request.Tokens.Count)));
        return new Backlog(added, harness);
    }
}

/// <summary>Policies by name.</summary>
internal static class Policies
{
    /// <summary>Policies that are nothing but an order.</summary>
    public static readonly string[] Orders =
    [
        SchedulingPolicies.Fcfs, SchedulingPolicies.ShortestOutputFirst, SchedulingPolicies.SmallestPeakFirst,
        SchedulingPolicies.SmallestVolumeFirst, SchedulingPolicies.SortedF, SchedulingPolicies.EarliestDeadline,
    ];

    public static readonly string[] All = [.. Orders, SchedulingPolicies.Adaptive, SchedulingPolicies.Wait, SchedulingPolicies.NestedWait];

    public static Func<ISchedulingPolicy> Create(string name, KvSchedulingOptions options, EngineDescription engine) =>
        () => PolicyCatalog.Get(name)(new PolicyContext(options, engine, options.KvBudgetTokens ?? engine.KvCapacityTokens));
}
