namespace KvScheduling.Tests;

public sealed class WaitingLineTests
{
    [Theory]
    [InlineData(0, true)]
    [InlineData(2, false)]
    public void Head_EvictedAmongPromoted_GoesFirstOnlyIfItArrivedFirst(int arrivalOfEvicted, bool isFirst)
    {
        var line = new WaitingLine(static () => new FcfsPolicy(), new KvSchedulingOptions { PromoteAfter = TimeSpan.FromSeconds(10) });
        var promoted = new TestRequest(5, 5) { ArrivalIndex = 1 };
        var evicted = new TestRequest(5, 5) { ArrivalIndex = arrivalOfEvicted };
        line.Add(promoted, TimeSpan.Zero, resumed: false);
        line.Add(evicted, TimeSpan.FromSeconds(9), resumed: true);
        Assert.Equal(isFirst ? evicted : promoted, line.Head(TimeSpan.FromSeconds(10)));
        line.Remove(isFirst ? evicted : promoted);
        Assert.Equal(isFirst ? promoted : evicted, line.Head(TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public void Head_EvictedOfALowerPriorityThatArrivedFirst_GoesBeforeAPromotedOne()
    {
        var line = new WaitingLine(static () => new FcfsPolicy(), new KvSchedulingOptions { PromoteAfter = TimeSpan.FromSeconds(10) });
        var promoted = new TestRequest(5, 5, hints: new SchedulingHints { Priority = 1 }) { ArrivalIndex = 1 };
        var evicted = new TestRequest(5, 5) { ArrivalIndex = 0 };
        line.Add(promoted, TimeSpan.Zero, resumed: false);
        line.Add(evicted, TimeSpan.FromSeconds(9), resumed: true);
        Assert.Equal(evicted, line.Head(TimeSpan.FromSeconds(10)));
        Assert.Equal(promoted, line.Head(TimeSpan.FromSeconds(9.5)));
    }
}
