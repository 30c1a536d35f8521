namespace KvScheduling.Simulation.Tests;

/// <summary>Backlogs whose total latency, start rounds and bounds are known.</summary>
public sealed class BacklogVectorTests
{
    private const string T1 = "3,4";
    private const string T2 = "2,3 2,2";
    private const string T3 = "4,2 4,2";
    private const string T4 = "1,4 4,2 4,2";
    private const string T5 = "11,1 11,1 11,1 1,2 1,2 1,2 1,2";
    private const string T6 = "1,9 10,1 10,1 10,1";

    public static TheoryData<string> SortedFNames =>
    [
        SchedulingPolicies.SortedF, SchedulingPolicies.SortedFExact, SchedulingPolicies.SortedFGreedy, SchedulingPolicies.SortedFQuantile, SchedulingPolicies.SortedFSwap,
    ];

    [Theory]
    [InlineData(10, T1, 4, 4, 4, 4, 4, 4)]
    [InlineData(10, T2, 5, 5, 5, 5, 5, 5)]
    [InlineData(10, T3, 6, 6, 6, 6, 6, 6)]
    [InlineData(10, T4, 11, 12, 11, 12, 11, 11)]
    [InlineData(12, T5, 26, 26, 20, 20, 20, 20)]
    [InlineData(11, T6, 42, 18, 42, 18, 18, 18)]
    public void Drain_TinyBacklog_HasTheKnownTotalLatency(int kv, string text, int fcfs, int shortest, int peak, int volume, int sortedF, int optimal)
    {
        WorkloadRequest[] requests = Requests.Parse(text);
        Assert.Equal(fcfs, Total(SchedulingPolicies.Fcfs));
        Assert.Equal(shortest, Total(SchedulingPolicies.ShortestOutputFirst));
        Assert.Equal(peak, Total(SchedulingPolicies.SmallestPeakFirst));
        Assert.Equal(volume, Total(SchedulingPolicies.SmallestVolumeFirst));
        Assert.Equal(optimal, Total(Backlog.Optimal));
        Assert.Equal(optimal, BacklogBounds.Optimal(requests, kv));
        foreach (string name in (IEnumerable<string>)[SchedulingPolicies.SortedF, SchedulingPolicies.SortedFExact, SchedulingPolicies.SortedFGreedy])
        {
            Assert.Equal(sortedF, Total(name));
        }

        Assert.Equal(sortedF, GreedyTotal(requests, kv));

        long Total(string policy) => Backlog.Drain(policy, requests, kv).TotalLatency;
    }

    [Theory]
    [InlineData(10, T1, 4.0)]
    [InlineData(10, T2, 5.0)]
    [InlineData(10, T3, 14.0 / 3)]
    [InlineData(10, T4, 29.0 / 3)]
    [InlineData(12, T5, 56.0 / 3)]
    [InlineData(11, T6, 911.0 / 55)]
    public void Linear_TinyBacklog_IsTheKnownRelaxation(int kv, string text, double expected)
    {
        double? bound = BacklogBounds.Linear(Requests.Parse(text), kv);
        Assert.NotNull(bound);
        Assert.Equal(expected, bound.Value, 1e-9);
    }

    [Theory]
    [InlineData(SchedulingPolicies.SortedF, 10, T4, "0 0 3")]
    [InlineData(SchedulingPolicies.SortedFExact, 10, T4, "0 0 3")]
    [InlineData(SchedulingPolicies.SortedF, 12, T5, "2 3 4 0 0 0 0")]
    [InlineData(SchedulingPolicies.SortedFGreedy, 12, T5, "2 3 4 0 0 0 0")]
    [InlineData(SchedulingPolicies.ShortestOutputFirst, 12, T5, "0 1 2 3 3 3 3")]
    [InlineData(SchedulingPolicies.SortedF, 11, T6, "3 0 1 2")]
    public void Drain_TinyBacklog_StartsInTheKnownRounds(string policy, int kv, string text, string rounds) =>
        Assert.Equal(rounds, string.Join(' ', Backlog.Drain(policy, Requests.Parse(text), kv).Starts));

    [Theory]
    [InlineData(12, 3, 26, 20)]
    [InlineData(48, 7, 172, 74)]
    [InlineData(192, 14, 1129, 261)]
    [InlineData(768, 28, 8086, 974)]
    public void Drain_LongPromptsOfOneToken_MisleadOutputOrderWithoutBound(int kv, int longOnes, int expected, int sortedF)
    {
        WorkloadRequest[] requests = [.. Enumerable.Repeat(Requests.Of(kv - 1, 1), longOnes), .. Enumerable.Repeat(Requests.Of(1, 2), kv / 3)];
        Assert.Equal(expected, Backlog.Drain(SchedulingPolicies.Fcfs, requests, kv).TotalLatency);
        Assert.Equal(expected, Backlog.Drain(SchedulingPolicies.ShortestOutputFirst, requests, kv).TotalLatency);
        Assert.Equal(sortedF, Backlog.Drain(SchedulingPolicies.SortedF, requests, kv).TotalLatency);
    }

    [Theory]
    [InlineData(9, 42, 18)]
    [InlineData(36, 273, 63)]
    [InlineData(144, 1950, 234)]
    [InlineData(576, 14700, 900)]
    public void Drain_OneLongRequest_MisleadsPeakOrderAndArrivalOrderWithoutBound(int length, int expected, int sortedF)
    {
        int count = (int)Math.Sqrt(length);
        WorkloadRequest[] thin = [Requests.Of(1, length), .. Enumerable.Repeat(Requests.Of(length + 1, 1), count)];
        Assert.Equal(expected, Backlog.Drain(SchedulingPolicies.SmallestPeakFirst, thin, length + 2).TotalLatency);
        Assert.Equal(sortedF, Backlog.Drain(SchedulingPolicies.SortedF, thin, length + 2).TotalLatency);
        WorkloadRequest[] big = [Requests.Of(length, length), .. Enumerable.Repeat(Requests.Of(length, 1), count)];
        Assert.Equal(expected, Backlog.Drain(SchedulingPolicies.Fcfs, big, 2 * length).TotalLatency);
        Assert.Equal(sortedF, Backlog.Drain(SchedulingPolicies.SortedF, big, 2 * length).TotalLatency);
    }

    [Fact]
    public void Drain_TinyBacklog_MeasuresWhatItsStartsSay()
    {
        BacklogSchedule schedule = Backlog.Drain(SchedulingPolicies.SortedF, Requests.Parse(T4), 10);
        Assert.Equal(5, schedule.Makespan);
        Assert.Equal(11 / 3.0, schedule.MeanLatency, 1e-12);
        Assert.Equal(4, schedule.Quantile(0.5));
        Assert.Equal(5, schedule.Quantile(0.99));
        Assert.Equal(10, schedule.PeakKvTokens);
    }

    [Fact]
    public void Drain_RequestLargerThanTheBudget_NamesRowAndFix()
    {
        WorkloadException error = Assert.Throws<WorkloadException>(() => Backlog.Drain(SchedulingPolicies.Fcfs, Requests.Parse("1,2 8,3"), 10));
        Assert.Equal(1, error.Index);
        Assert.Contains("Row 2", error.Message, StringComparison.Ordinal);
        Assert.Contains("Raise the KV budget", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Drain_OptimumOfALargeBacklog_IsRefusedWithTheWayOut()
    {
        WorkloadRequest[] requests = [.. Enumerable.Range(0, 60).Select(i => Requests.Of(10 + i, 100 + i))];
        WorkloadException error = Assert.Throws<WorkloadException>(() => Backlog.Drain(Backlog.Optimal, requests, 1000));
        Assert.Contains("too large", error.Message, StringComparison.Ordinal);
        Assert.Null(BacklogBounds.Optimal(requests, 1000));
        Assert.Null(BacklogBounds.Linear([.. requests, .. requests], 1000));
    }

    [Theory]
    [MemberData(nameof(SortedFNames))]
    public void Drain_SortedFVariant_RunsUnderItsOwnName(string name) => Assert.Equal(name, Backlog.Drain(name, Requests.Parse(T5), 12).Policy);

    /// <summary>The production policy without its exact selection.</summary>
    private static long GreedyTotal(WorkloadRequest[] requests, long kv)
    {
        var settings = new SimulationSettings
        {
            KvTokens = kv,
            MaxStepTokens = int.MaxValue,
            PrefillChunkTokens = int.MaxValue,
            KeepRequests = true,
            Configure = static options =>
            {
                options.Reservation = KvReservation.Guaranteed;
                (options.Backfill, options.PromoteAfter, options.SortedFExactLimit) = (false, null, 0);
            },
        };
        return Simulator.Run(SchedulingPolicies.SortedF, requests, settings).Requests.Sum(static times => (long)times!.Value.Latency.TotalSeconds);
    }
}
