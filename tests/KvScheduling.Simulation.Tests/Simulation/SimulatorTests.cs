namespace KvScheduling.Simulation.Tests;

/// <summary>Runs whose times can be worked out by hand.</summary>
public sealed class SimulatorTests
{
    private static readonly LinearCostModel Linear = new(10, 0.1, 1, 0.01);

    [Fact]
    public void Run_OneRequest_TakesWhatTheCostModelSays()
    {
        // Prefill in chunks of 60 and 40, then two decodes over 100 and 101 cached tokens.
        SimulationResult result = Run("fcfs", [Requests.Of(100, 3, 5)], new SimulationSettings { KvTokens = 1000, CostModel = Linear, PrefillChunkTokens = 60, KeepRequests = true });
        RequestTimes times = result.Requests[0]!.Value;
        Assert.Equal(Milliseconds(0), times.QueueTime);
        Assert.Equal(Milliseconds(10 + 6 + 10 + 4), times.TimeToFirstToken);
        Assert.Equal(Milliseconds(30 + 10 + 1 + 1 + 10 + 1 + 1.01), times.Latency);
        Assert.Equal(12.005, times.TimePerOutputToken!.Value.TotalMilliseconds, 1e-3);
        Assert.Equal(Milliseconds(5000 + 54.01), result.Makespan);
        Assert.Equal(4, result.Steps);
        Assert.Equal(3, result.OutputTokens);
        Assert.Equal(1, result.Completions);
    }

    [Fact]
    public void Run_TwoRequests_ShareAStep()
    {
        SimulationResult result = Run("fcfs", [Requests.Of(100, 2), Requests.Of(50, 2)], new SimulationSettings { KvTokens = 1000, CostModel = Linear, KeepRequests = true });
        Assert.Equal(2, result.Steps);
        Assert.Equal(Milliseconds(10 + 15), result.Requests[1]!.Value.TimeToFirstToken);
        Assert.Equal(Milliseconds(25 + 10 + 2 + 1.5), result.Requests[1]!.Value.Latency);
    }

    [Fact]
    public void Run_CallerGivesUpWhileWaiting_IsCancelledThenAndNeverRuns()
    {
        WorkloadRequest[] requests =
        [
            Requests.Of(5, 8),
            Requests.Of(5, 8) with { Patience = TimeSpan.FromSeconds(3) },
            Requests.Of(5, 8) with { Patience = TimeSpan.FromSeconds(9) },
        ];
        SimulationResult result = Run("fcfs", requests, new SimulationSettings { KvTokens = 100, MaxRunningRequests = 1, KeepRequests = true });
        Assert.Equal((2, 1, 0), (result.Completions, result.Cancelled, result.Refused));
        Assert.Null(result.Requests[1]);
        Assert.Equal(TimeSpan.FromSeconds(8), result.Requests[2]!.Value.QueueTime);
        Assert.Equal(16, result.OutputTokens);
    }

    [Fact]
    public void Run_PrioritiesAndTenants_ReachTheScheduler()
    {
        WorkloadRequest[] priorities = [Requests.Of(5, 4), Requests.Of(5, 4), Requests.Of(5, 4) with { Priority = 1 }];
        SimulationResult result = Run("fcfs", priorities, new SimulationSettings { KvTokens = 100, MaxRunningRequests = 1, KeepRequests = true });
        Assert.Equal([4, 8, 0], result.Requests.Select(static times => times!.Value.QueueTime.TotalSeconds));

        WorkloadRequest[] tenants = [.. Enumerable.Range(0, 4).Select(static index => Requests.Of(5, 4) with { Tenant = index < 3 ? "loud" : "quiet" })];
        var settings = new SimulationSettings { KvTokens = 100, MaxRunningRequests = 1, KeepRequests = true, Configure = static options => options.Fairness = TenantFairness.VirtualTokenCounter };
        Assert.Equal([0, 8, 12, 4], Run("fcfs", tenants, settings).Requests.Select(static times => times!.Value.QueueTime.TotalSeconds));
    }

    [Fact]
    public void Run_ArrivalDuringAStep_JoinsTheNextOne()
    {
        SimulationResult result = Run("fcfs", [Requests.Of(5, 4), Requests.Of(5, 1, 0.5)], new SimulationSettings { KvTokens = 100, KeepRequests = true });
        Assert.Equal(TimeSpan.FromSeconds(0.5), result.Requests[1]!.Value.QueueTime);
        Assert.Equal(TimeSpan.FromSeconds(1.5), result.Requests[1]!.Value.Latency);
        Assert.Equal(TimeSpan.FromSeconds(4), result.Makespan);
    }

    [Fact]
    public void Run_BacklogInRoundsWithoutBackfill_StartsWhenTheBacklogModelSays()
    {
        WorkloadRequest[] requests = [.. SyntheticWorkload.Draw(RequestMixes.Get("chat-docs"), ArrivalProcess.AtOnce, 60, seed: 4)];
        var settings = new SimulationSettings
        {
            KvTokens = 30_000,
            MaxStepTokens = int.MaxValue,
            PrefillChunkTokens = int.MaxValue,
            KeepRequests = true,
            CheckInvariants = true,
            Configure = static options => (options.Backfill, options.PromoteAfter) = (false, null),
        };
        foreach (string policy in (string[])["fcfs", "svf", "sorted-f"])
        {
            IEnumerable<int> starts = Run(policy, requests, settings).Requests.Select(static times => (int)times!.Value.QueueTime.TotalSeconds);
            Assert.Equal(Backlog.Drain(policy, requests, 30_000).Starts, starts);
        }
    }

    [Fact]
    public void Run_LengthsFromHistory_EvictsAndLosesNobody()
    {
        WorkloadRequest[] requests = [.. SyntheticWorkload.Draw(RequestMixes.Get("chat"), ArrivalProcess.Poisson(0.5), 400, seed: 2)];
        var settings = new SimulationSettings
        {
            KvTokens = 8_000,
            BlockTokens = 16,
            OutputLengths = OutputLengths.History,
            MaxOutputTokens = 2000,
            KeepRequests = true,
            CheckInvariants = true,
        };
        SimulationResult result = Run("svf", requests, settings);
        Assert.Equal(400, result.Completions);
        Assert.Equal(requests.Sum(static request => (long)request.OutputTokens), result.OutputTokens);
        Assert.True(result.Evictions > 0);
        Assert.True(result.RecomputedShare > 0);
        Assert.Equal(result.Evictions, result.Requests.Sum(static times => (long)times!.Value.Evictions));
        Assert.Equal(result.Evictions, result.EvictionTimes.Count);
        Assert.InRange(result.KvShare.Max, 0.9, 1);
        Assert.All(result.Requests.Zip(requests), static pair => Assert.Equal(pair.Second.OutputTokens, pair.First!.Value.OutputTokens));
    }

    [Fact]
    public void Run_OutputLongerThanTheLimit_IsCutOffThere()
    {
        var settings = new SimulationSettings { KvTokens = 100, OutputLengths = OutputLengths.History, MaxOutputTokens = 4 };
        Assert.Equal(4, Run("fcfs", [Requests.Of(5, 9)], settings).OutputTokens);
        Assert.Equal(4, Run("fcfs", [Requests.Of(5, 9)], settings with { OutputLengths = OutputLengths.Known }).OutputTokens);
        Assert.Equal(3, Run("fcfs", [Requests.Of(5, 3)], settings).OutputTokens);
    }

    [Theory]
    [InlineData("known")]
    [InlineData("history")]
    [InlineData("noisy:0.6")]
    public void Run_SameInputTwice_GivesTheSameTimes(string lengths)
    {
        var settings = new SimulationSettings
        {
            KvTokens = 20_000,
            BlockTokens = 16,
            CostModel = Llama2A100CostModel.Instance,
            OutputLengths = OutputLengths.Parse(lengths),
            MaxOutputTokens = 2000,
            KeepRequests = true,
        };
        SimulationResult Once() => Run("sorted-f", SyntheticWorkload.Draw(RequestMixes.Get("chat"), ArrivalProcess.Gamma(4, 3), 300, 7), settings);
        Assert.Equal(Once().Requests, Once().Requests);
    }

    [Fact]
    public void Run_ServiceLevel_CountsThoseThatMeetAllOfIt()
    {
        var level = new ServiceLevel(TimeToFirstToken: TimeSpan.FromSeconds(1), Latency: TimeSpan.FromSeconds(4));
        var settings = new SimulationSettings { KvTokens = 12, ServiceLevel = level };
        SimulationResult result = Run("fcfs", [Requests.Of(4, 4), Requests.Of(4, 4), Requests.Of(2, 5)], settings);
        Assert.Equal(1 / result.Makespan.TotalSeconds, result.Goodput!.Value, 1e-12);
        Assert.Null(Run("fcfs", [Requests.Of(4, 4)], settings with { ServiceLevel = null }).Goodput);
    }

    [Theory]
    [InlineData(90, 11, 2, "Row 2 needs 101")]
    [InlineData(0, 11, 2, "Row 2 has 0 prompt tokens")]
    [InlineData(9, 1, 0, "Row 2 arrives at 00:00:00, before")]
    public void Run_RowThatCanNotRun_IsNamedWithTheFix(int prompt, int output, double arrival, string message)
    {
        WorkloadException error = Assert.Throws<WorkloadException>(
            () => Run("fcfs", [Requests.Of(5, 5, 1), Requests.Of(prompt, output, arrival)], new SimulationSettings { KvTokens = 100 }));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.Equal(1, error.Index);
    }

    [Fact]
    public void Run_UnknownPolicy_ListsTheKnownOnes()
    {
        ArgumentException error = Assert.Throws<ArgumentException>(() => Run("lifo", [Requests.Of(1, 1)], new SimulationSettings { KvTokens = 10 }));
        Assert.Contains("svf", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_Cancelled_Ends()
    {
        using var source = new CancellationTokenSource();
        IEnumerable<WorkloadRequest> workload = SyntheticWorkload.Draw(RequestMixes.Get("chat"), ArrivalProcess.Poisson(1), long.MaxValue, 1);
        Assert.Throws<OperationCanceledException>(
            () => Simulator.Run("fcfs", workload, new SimulationSettings { KvTokens = 60_000 }, new CancelAt(source, 100), source.Token));
    }

    [Fact]
    public void Run_EmptyWorkload_MeasuresNothing()
    {
        SimulationResult result = Run("fcfs", [], new SimulationSettings { KvTokens = 10 });
        Assert.Equal((0, 0, TimeSpan.Zero), (result.Completions, result.Steps, result.Makespan));
    }

    [Fact]
    public void Policies_AllNames_RunAStream()
    {
        WorkloadRequest[] requests = [.. SyntheticWorkload.Draw(RequestMixes.Get("chat"), ArrivalProcess.Poisson(0.2), 60, seed: 1)];
        Assert.All(Simulator.Policies, name => Assert.Equal(60, Run(name, requests, new SimulationSettings { KvTokens = 9_000, CheckInvariants = true }).Completions));
    }

    private static SimulationResult Run(string policy, IEnumerable<WorkloadRequest> workload, SimulationSettings settings) => Simulator.Run(policy, workload, settings);

    private static TimeSpan Milliseconds(double milliseconds) => new((long)Math.Round(milliseconds * TimeSpan.TicksPerMillisecond));

    private sealed class CancelAt(CancellationTokenSource source, long completions) : IProgress<long>
    {
        public void Report(long value)
        {
            if (value >= completions)
            {
                source.Cancel();
            }
        }
    }
}
