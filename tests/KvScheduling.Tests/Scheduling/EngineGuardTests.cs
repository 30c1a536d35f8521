namespace KvScheduling.Tests;

public sealed class EngineGuardTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Fact]
    public void TryTakeOver_CallPastItsLimit_IsTakenOnceAndCanNotLeave()
    {
        var clock = new HookedClock();
        var guard = new EngineGuard(clock);
        guard.Enter();
        clock.Now = Limit - TimeSpan.FromTicks(1);
        Assert.False(guard.TryTakeOver(Limit));
        clock.Now = Limit;
        Assert.True(guard.TryTakeOver(Limit));
        Assert.False(guard.TryTakeOver(Limit));
        Assert.Throws<EngineTakenOverException>(guard.Leave);
    }

    [Fact]
    public void TryTakeOver_BetweenCalls_IsRefused()
    {
        var clock = new HookedClock();
        var guard = new EngineGuard(clock);
        Assert.False(guard.TryTakeOver(TimeSpan.Zero));
        guard.Enter();
        guard.Leave();
        clock.Now = Limit;
        Assert.False(guard.TryTakeOver(Limit));
    }

    /// <summary>A watchdog that was taken off its core behind its look at the call must not judge the next call by the time of the one before.</summary>
    [Fact]
    public void TryTakeOver_CallReturnedAndTheNextBeganMeanwhile_IsRefused()
    {
        var clock = new HookedClock();
        var guard = new EngineGuard(clock);
        guard.Enter();
        clock.OnRead = () =>
        {
            guard.Leave();
            clock.Now = Limit;
            guard.Enter();
        };
        Assert.False(guard.TryTakeOver(Limit));
        guard.Leave();
    }

    /// <summary>A clock that lets something happen when it is read the next time.</summary>
    private sealed class HookedClock : TimeProvider
    {
        public TimeSpan Now { get; set; }

        public Action? OnRead { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp()
        {
            Action? hook = OnRead;
            OnRead = null;
            hook?.Invoke();
            return Now.Ticks;
        }
    }
}
