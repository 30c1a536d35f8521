namespace KvScheduling.ManagedEngine.Tests;

public sealed unsafe class MachineTests
{
    [Theory]
    [InlineData(64, 512)]
    [InlineData(32, 512)]
    [InlineData(80, 512)]
    [InlineData(128, 256)]
    [InlineData(128, 128)]
    public void ChooseLanes_HeadSizeAndLimit_TakesTheWidestThatDivides(int headSize, int maxBits)
    {
        int lanes = VectorWidth.ChooseLanes(headSize, maxBits);
        Assert.InRange(lanes * 32, 128, maxBits);
        Assert.Equal(0, headSize % (2 * lanes));
        Assert.Equal(Widths.Supported.Where(w => w * 32 <= maxBits && headSize % (2 * w) == 0).Max(), lanes);
    }

    [Fact]
    public void ChooseLanes_HeadSizeThatNothingDivides_IsRefusedByName() =>
        Assert.Contains("40", Assert.Throws<NotSupportedException>(() => VectorWidth.ChooseLanes(40, 512)).Message, StringComparison.Ordinal);

    [Fact]
    public void Allocate_AnySize_IsZeroedAlignedAndFreedOnce()
    {
        NativeBuffer buffer = NativeBuffer.Allocate(1000, "test");
        Assert.Equal(0, (nint)buffer.Pointer % 64);
        Assert.Equal(-1, new Span<byte>(buffer.Pointer, 1000).IndexOfAnyExcept((byte)0));
        buffer.Dispose();
        buffer.Dispose();
        Assert.True(buffer.IsClosed);
    }

    [Fact]
    public void Allocate_MoreThanThereIs_SaysHowMuchAndForWhat()
    {
        InsufficientMemoryException e = Assert.Throws<InsufficientMemoryException>(() => NativeBuffer.Allocate(1L << 60, "KV cache"));
        Assert.Contains("KV cache", e.Message, StringComparison.Ordinal);
    }
}
