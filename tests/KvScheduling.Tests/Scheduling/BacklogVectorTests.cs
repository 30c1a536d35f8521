namespace KvScheduling.Tests;

/// <summary>Backlogs whose total latency (sum of completion times) is known for every policy, in unit rounds.</summary>
public sealed class BacklogVectorTests
{
    [Theory]
    [InlineData("fcfs", 10, "3,4", 4)]
    [InlineData("fcfs", 10, "2,3 2,2", 5)]
    [InlineData("fcfs", 10, "4,2 4,2", 6)]
    [InlineData("fcfs", 10, "1,4 4,2 4,2", 11)]
    [InlineData("fcfs", 12, "11,1 11,1 11,1 1,2 1,2 1,2 1,2", 26)]
    [InlineData("fcfs", 11, "1,9 10,1 10,1 10,1", 42)]
    public void Drain_TinyBacklog_HasTheKnownTotalLatency(string policy, int kv, string requests, int total)
    {
        Assert.Equal("fcfs", policy);
        var harness = new SchedulerHarness(SchedulerHarness.UnitRounds(kv), SchedulerHarness.PureOptions());
        List<TestRequest> added = requests.Split(' ').Select(pair => pair.Split(',').Select(int.Parse).ToArray()).Select(pair => harness.Add(pair[0], pair[1])).ToList();
        harness.Drain();
        Assert.Equal(total, added.Sum(request => (int)request.EndedAt.TotalSeconds));
    }
}
