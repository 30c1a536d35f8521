namespace KvScheduling.Tests;

public sealed class DoorTests
{
    [Fact]
    public void TryEnter_AtTheRequestBound_IsRefusedUntilSomebodyLeaves()
    {
        var door = new Door(2, 100);
        Assert.Equal(DoorAnswer.Open, door.TryEnter());
        Assert.Equal(DoorAnswer.Open, door.TryEnter());
        Assert.Equal(DoorAnswer.TooManyRequests, door.TryEnter());
        door.Leave(0);
        Assert.Equal(DoorAnswer.Open, door.TryEnter());
    }

    [Fact]
    public void TryAddTokens_AboveTheTokenBound_IsRefusedAndTakesNothing()
    {
        var door = new Door(10, 100);
        door.TryEnter();
        Assert.Equal(DoorAnswer.Open, door.TryAddTokens(60));
        door.TryEnter();
        Assert.Equal(DoorAnswer.TooManyTokens, door.TryAddTokens(41));
        Assert.Equal(60, door.Tokens);
        Assert.Equal(DoorAnswer.Open, door.TryAddTokens(40));
    }

    [Fact]
    public void TryAddTokens_EmptyLineAndPromptAboveTheBound_Enters()
    {
        var door = new Door(10, 100);
        Assert.Equal(DoorAnswer.Open, door.TryEnter(500));
        Assert.Equal(DoorAnswer.TooManyTokens, door.TryEnter(1));
        Assert.Equal(1, door.Requests);
    }

    [Fact]
    public async Task WaitForChangeAsync_SomebodyLeaves_Ends()
    {
        var door = new Door(1, 100);
        door.TryEnter(10);
        Task change = door.WaitForChangeAsync();
        Assert.False(change.IsCompleted);
        door.Leave(10);
        await change.WaitAsync(TestHost.Patience);
        Assert.Equal(0, door.Tokens);
    }

    [Fact]
    public async Task Close_WithWaiters_ReleasesThemAndRefusesEverything()
    {
        var door = new Door(1, 100);
        door.TryEnter();
        Task change = door.WaitForChangeAsync();
        door.Close(SchedulingRejection.ShuttingDown);
        await change.WaitAsync(TestHost.Patience);
        Assert.Equal(DoorAnswer.Closed, door.TryEnter());
        Assert.Equal(SchedulingRejection.ShuttingDown, door.Refusal(DoorAnswer.Closed, null).Reason);
    }

    [Fact]
    public void Refusal_OfAFullLine_NamesTheOptionAndCarriesRetryAfter()
    {
        var door = new Door(1, 100);
        SchedulingRejectedException byRequests = door.Refusal(DoorAnswer.TooManyRequests, TimeSpan.FromSeconds(3));
        Assert.Contains(nameof(KvSchedulingOptions.MaxQueuedRequests), byRequests.Message, StringComparison.Ordinal);
        Assert.Equal(TimeSpan.FromSeconds(3), byRequests.RetryAfter);
        Assert.Contains(nameof(KvSchedulingOptions.MaxQueuedTokens), door.Refusal(DoorAnswer.TooManyTokens, null).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void QueuePlace_DisposedTwice_LeavesOnce()
    {
        var door = new Door(2, 100);
        door.TryEnter(5);
        door.TryEnter(5);
        var place = new QueuePlace(door, 5);
        place.Dispose();
        place.Dispose();
        Assert.Equal(1, door.Requests);
        Assert.Equal(5, door.Tokens);
    }
}
