namespace KvScheduling.Tests;

public sealed class TokenStreamTests
{
    [Fact]
    public async Task WaitToReadAsync_TokenWrittenLater_WakesTheReaderOffTheWritersThread()
    {
        var stream = new TokenStream(4);
        int writer = Environment.CurrentManagedThreadId;
        var readerThread = new TaskCompletionSource<(bool Readable, int Thread)>();
        async Task ReadAsync()
        {
            bool readable = await stream.WaitToReadAsync().ConfigureAwait(false);
            readerThread.SetResult((readable, Environment.CurrentManagedThreadId));
        }

        Task reading = ReadAsync();
        stream.Write(7);
        Assert.True(SpinWait.SpinUntil(() => readerThread.Task.IsCompleted, TestHost.Patience), "The reader was not woken while the writer's thread was busy.");
        (bool readable, int thread) = await readerThread.Task;
        await reading;
        Assert.True(readable);
        Assert.NotEqual(writer, thread);
        Assert.True(stream.TryRead(out GeneratedToken token));
        Assert.Equal(new GeneratedToken(0, 7), token);
    }

    [Fact]
    public async Task TryEnd_WithError_DeliversWhatWasWrittenThenThrows()
    {
        var stream = new TokenStream(4);
        stream.Write(1);
        Assert.True(stream.TryEnd(new EngineFaultException("lost")));
        Assert.False(stream.TryEnd(null));
        Assert.True(await stream.WaitToReadAsync());
        Assert.True(stream.TryRead(out _));
        await Assert.ThrowsAsync<EngineFaultException>(async () => await stream.WaitToReadAsync());
    }

    [Fact]
    public async Task Write_AfterTheEnd_IsKeptForAResumeButNotShown()
    {
        var stream = new TokenStream(4);
        stream.Write(1);
        stream.TryEnd(null);
        stream.Write(2);
        Assert.Equal([1, 2], stream.Written.ToArray());
        Assert.True(stream.TryRead(out _));
        Assert.False(stream.TryRead(out _));
        Assert.False(await stream.WaitToReadAsync());
    }

    [Fact]
    public void WaitToReadAsync_TwoReaders_Throws()
    {
        var stream = new TokenStream(4);
        ValueTask<bool> first = stream.WaitToReadAsync();
        Assert.False(first.IsCompleted);
        Assert.Throws<InvalidOperationException>(() => { _ = stream.WaitToReadAsync().AsTask(); });
        stream.TryEnd(null);
    }

    [Fact]
    public async Task Write_ManyTokensAgainstAConcurrentReader_ArriveOnceAndInOrder()
    {
        var stream = new TokenStream(100_000);
        Task writer = Task.Run(() =>
        {
            for (int i = 0; i < 100_000; i++)
            {
                stream.Write(i);
            }

            stream.TryEnd(null);
        });
        int expected = 0;
        while (await stream.WaitToReadAsync())
        {
            while (stream.TryRead(out GeneratedToken token))
            {
                Assert.Equal(new GeneratedToken(expected, expected), token);
                expected++;
            }
        }

        await writer;
        Assert.Equal(100_000, expected);
    }

    [Fact]
    public async Task WaitForEndAsync_TokensOnTheWay_EndsOnceAtTheEnd()
    {
        var stream = new TokenStream(4);
        ValueTask<bool> end = stream.WaitForEndAsync();
        stream.Write(1);
        stream.Write(2);
        Assert.False(end.IsCompleted);
        stream.TryEnd(null);
        Assert.False(await end);
        Assert.False(stream.TryRead(out _));
        Assert.False(await stream.WaitForEndAsync());
    }

    [Fact]
    public async Task WaitForEndAsync_StreamEndsByAnError_ThrowsIt()
    {
        var stream = new TokenStream(4);
        stream.Write(1);
        Task<bool> end = stream.WaitForEndAsync().AsTask();
        stream.TryEnd(new EngineFaultException("lost"));
        await Assert.ThrowsAsync<EngineFaultException>(() => end);
        await Assert.ThrowsAsync<EngineFaultException>(() => stream.WaitForEndAsync().AsTask());
    }
}
