namespace KvScheduling.Tests;

/// <summary>Backlogs whose total latency (sum of completion rounds) and start rounds are known for every policy, in unit rounds.</summary>
public sealed class BacklogVectorTests
{
    private const string T1 = "3,4";
    private const string T2 = "2,3 2,2";
    private const string T3 = "4,2 4,2";
    private const string T4 = "1,4 4,2 4,2";
    private const string T5 = "11,1 11,1 11,1 1,2 1,2 1,2 1,2";
    private const string T6 = "1,9 10,1 10,1 10,1";

    [Theory]
    [InlineData(10, T1, 4, 4, 4, 4, 4)]
    [InlineData(10, T2, 5, 5, 5, 5, 5)]
    [InlineData(10, T3, 6, 6, 6, 6, 6)]
    [InlineData(10, T4, 11, 12, 11, 12, 11)]
    [InlineData(12, T5, 26, 26, 20, 20, 20)]
    [InlineData(11, T6, 42, 18, 42, 18, 18)]
    public void Drain_TinyBacklog_HasTheKnownTotalLatency(int kv, string requests, int fcfs, int shortest, int peak, int volume, int sortedF)
    {
        (int, int)[] sizes = Backlog.Parse(requests);
        Assert.Equal(fcfs, Backlog.Drain(SchedulingPolicies.Fcfs, kv, sizes).TotalLatency);
        Assert.Equal(shortest, Backlog.Drain(SchedulingPolicies.ShortestOutputFirst, kv, sizes).TotalLatency);
        Assert.Equal(peak, Backlog.Drain(SchedulingPolicies.SmallestPeakFirst, kv, sizes).TotalLatency);
        Assert.Equal(volume, Backlog.Drain(SchedulingPolicies.SmallestVolumeFirst, kv, sizes).TotalLatency);
        Assert.Equal(sortedF, Backlog.Drain(SchedulingPolicies.SortedF, kv, sizes).TotalLatency);
        Assert.Equal(sortedF, Backlog.Drain(SchedulingPolicies.SortedF, kv, sizes, options => options.SortedFExactLimit = 0).TotalLatency);
    }

    [Theory]
    [InlineData(SchedulingPolicies.SortedF, 10, T4, "0 0 3")]
    [InlineData(SchedulingPolicies.SortedF, 12, T5, "2 3 4 0 0 0 0")]
    [InlineData(SchedulingPolicies.ShortestOutputFirst, 12, T5, "0 1 2 3 3 3 3")]
    [InlineData(SchedulingPolicies.SortedF, 11, T6, "3 0 1 2")]
    public void Drain_TinyBacklog_StartsInTheKnownRounds(string policy, int kv, string requests, string rounds)
    {
        Assert.Equal(rounds, string.Join(' ', Backlog.Drain(policy, kv, Backlog.Parse(requests)).StartRounds));
    }

    [Theory]
    [InlineData(12, 3, 26, 20)]
    [InlineData(48, 7, 172, 74)]
    [InlineData(192, 14, 1129, 261)]
    [InlineData(768, 28, 8086, 974)]
    public void Drain_LongPromptsOfOneToken_MisleadOutputOrderWithoutBound(int kv, int longOnes, int expected, int sortedF)
    {
        IEnumerable<(int, int)> sizes = Enumerable.Repeat((kv - 1, 1), longOnes).Concat(Enumerable.Repeat((1, 2), kv / 3)).ToArray();
        Assert.Equal(expected, Backlog.Drain(SchedulingPolicies.Fcfs, kv, sizes).TotalLatency);
        Assert.Equal(expected, Backlog.Drain(SchedulingPolicies.ShortestOutputFirst, kv, sizes).TotalLatency);
        Assert.Equal(sortedF, Backlog.Drain(SchedulingPolicies.SortedF, kv, sizes).TotalLatency);
    }

    [Theory]
    [InlineData(9, 42, 18)]
    [InlineData(36, 273, 63)]
    [InlineData(144, 1950, 234)]
    [InlineData(576, 14700, 900)]
    public void Drain_OneLongThinRequest_MisleadsPeakOrderWithoutBound(int length, int expected, int sortedF)
    {
        int others = (int)Math.Sqrt(length);
        IEnumerable<(int, int)> sizes = Enumerable.Repeat((1, length), 1).Concat(Enumerable.Repeat((length + 1, 1), others)).ToArray();
        Assert.Equal(expected, Backlog.Drain(SchedulingPolicies.SmallestPeakFirst, length + 2, sizes).TotalLatency);
        Assert.Equal(sortedF, Backlog.Drain(SchedulingPolicies.SortedF, length + 2, sizes).TotalLatency);
    }

    [Theory]
    [InlineData(9, 42, 18)]
    [InlineData(36, 273, 63)]
    [InlineData(144, 1950, 234)]
    [InlineData(576, 14700, 900)]
    public void Drain_OneBigRequestInFront_MisleadsArrivalOrderWithoutBound(int length, int expected, int sortedF)
    {
        int others = (int)Math.Sqrt(length);
        IEnumerable<(int, int)> sizes = Enumerable.Repeat((length, length), 1).Concat(Enumerable.Repeat((length, 1), others)).ToArray();
        Assert.Equal(expected, Backlog.Drain(SchedulingPolicies.Fcfs, 2 * length, sizes).TotalLatency);
        Assert.Equal(sortedF, Backlog.Drain(SchedulingPolicies.SortedF, 2 * length, sizes).TotalLatency);
    }
}
