namespace KvScheduling.ManagedEngine.Tests;

public sealed class UseGuardTests
{
    private readonly UseGuard _guard = new();

    [Fact]
    public void End_WhenIdle_FreesAtOnceAndOnlyOnce()
    {
        _guard.Enter(this);
        Assert.False(_guard.Exit());
        Assert.True(_guard.End());
        Assert.False(_guard.End());
        Assert.Throws<ObjectDisposedException>(() => _guard.Enter(this));
    }

    [Fact]
    public void End_DuringUse_LeavesTheFreeingToTheUser()
    {
        _guard.Enter(this);
        Assert.False(_guard.End());
        Assert.False(_guard.End());
        Assert.Throws<ObjectDisposedException>(() => _guard.Enter(this));
        Assert.True(_guard.Exit());
        Assert.False(_guard.End());
    }

    [Fact]
    public void Enter_SecondUser_IsToldThatCallsMustFollowEachOther()
    {
        _guard.Enter(this);
        Assert.Throws<InvalidOperationException>(() => _guard.Enter(this));
        Assert.False(_guard.Exit());
        _guard.Enter(this);
    }
}
