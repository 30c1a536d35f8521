using System.Runtime.InteropServices;

namespace KvScheduling.ManagedEngine;

/// <summary>Zeroed native memory, aligned to a cache line. Pages that are never touched take no room.</summary>
internal sealed unsafe class NativeBuffer : SafeHandle
{
    private const int Alignment = 64;

    private NativeBuffer(void* allocation, long bytes)
        : base(0, ownsHandle: true)
    {
        SetHandle((nint)allocation);
        Bytes = bytes;
    }

    /// <summary>The usable size.</summary>
    public long Bytes { get; }

    public override bool IsInvalid => handle == 0;

    /// <summary>The first byte. Valid until the buffer is disposed.</summary>
    public byte* Pointer => (byte*)((handle + Alignment - 1) & -Alignment);

    /// <summary>Allocates memory.</summary>
    /// <exception cref="InsufficientMemoryException">There is not so much.</exception>
    public static NativeBuffer Allocate(long bytes, string purpose)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        try
        {
            // calloc maps large sizes lazily; an aligned allocation would have to be cleared, and so touched, at once.
            NativeBuffer buffer = new(NativeMemory.AllocZeroed(checked((nuint)(bytes + Alignment))), bytes);
            HugePages.Advise(buffer.Pointer, bytes);
            return buffer;
        }
        catch (Exception e) when (e is OutOfMemoryException or OverflowException)
        {
            throw new InsufficientMemoryException($"There is no room for {bytes / (1 << 20):N0} MiB of {purpose}.", e);
        }
    }

    protected override bool ReleaseHandle()
    {
        NativeMemory.Free((void*)handle);
        return true;
    }
}
