namespace KvScheduling.Tests;

public class VirtualTimeProviderTests
{
    private readonly VirtualTimeProvider _time = new();

    [Fact]
    public void Advance_MovesEveryReading()
    {
        DateTimeOffset start = _time.GetUtcNow();
        long stamp = _time.GetTimestamp();
        _time.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal(TimeSpan.FromSeconds(3), _time.GetUtcNow() - start);
        Assert.Equal(TimeSpan.FromSeconds(3), _time.GetElapsedTime(stamp));
        Assert.Equal(TimeSpan.FromSeconds(3), _time.Elapsed);
    }

    [Fact]
    public void Advance_Backwards_Throws() => Assert.Throws<ArgumentOutOfRangeException>(() => _time.Advance(TimeSpan.FromTicks(-1)));

    [Fact]
    public void AdvanceTo_ThePast_DoesNothing()
    {
        _time.Advance(TimeSpan.FromSeconds(3));
        _time.AdvanceTo(TimeSpan.FromSeconds(1));
        Assert.Equal(TimeSpan.FromSeconds(3), _time.Elapsed);
    }

    [Fact]
    public void Timers_FireInOrderAtTheirTime()
    {
        List<string> log = [];
        foreach ((string name, int due) in new[] { ("c", 3), ("a", 1), ("b", 1) })
        {
            _time.CreateTimer(_ => log.Add($"{name}@{_time.Elapsed.TotalSeconds}"), null, TimeSpan.FromSeconds(due), Timeout.InfiniteTimeSpan);
        }

        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(["a@1", "b@1"], log);
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(["a@1", "b@1", "c@3"], log);
        Assert.Equal(TimeSpan.FromSeconds(4), _time.Elapsed);
    }

    [Fact]
    public void Timer_Periodic_FiresAgain()
    {
        int fired = 0;
        using ITimer timer = _time.CreateTimer(_ => fired++, null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2));
        _time.Advance(TimeSpan.FromSeconds(6));
        Assert.Equal(3, fired);
    }

    [Fact]
    public void Timer_ChangedOrDisposed_ForgetsWhatWasSet()
    {
        int fired = 0;
        ITimer timer = _time.CreateTimer(_ => fired++, null, TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan);
        timer.Change(TimeSpan.FromSeconds(5), Timeout.InfiniteTimeSpan);
        _time.Advance(TimeSpan.FromSeconds(4));
        Assert.Equal(0, fired);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(1, fired);
        timer.Change(TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan);
        timer.Dispose();
        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(1, fired);
        Assert.False(timer.Change(TimeSpan.Zero, Timeout.InfiniteTimeSpan));
    }

    [Fact]
    public async Task TaskDelay_OnTheClock_EndsWithIt()
    {
        Task delay = Task.Delay(TimeSpan.FromHours(1), _time);
        Assert.False(delay.IsCompleted);
        _time.Advance(TimeSpan.FromHours(1));
        await delay;
    }
}
