namespace KvScheduling.ManagedEngine;

/// <summary>Native memory that lives and dies together. What it gives out is zeroed.</summary>
internal sealed unsafe class NativeArena : IDisposable
{
    private readonly List<NativeBuffer> _buffers = [];

    /// <summary>Bytes given out.</summary>
    public long Bytes { get; private set; }

    public float* Floats(long count, string purpose) => (float*)Allocate(checked(count * sizeof(float)), purpose);

    public byte* Allocate(long bytes, string purpose)
    {
        NativeBuffer buffer = NativeBuffer.Allocate(bytes, purpose);
        _buffers.Add(buffer);
        Bytes += bytes;
        return buffer.Pointer;
    }

    /// <summary>Copies values to native memory.</summary>
    public float* Copy(ReadOnlySpan<float> values, string purpose)
    {
        float* copy = Floats(values.Length, purpose);
        values.CopyTo(new Span<float>(copy, values.Length));
        return copy;
    }

    public void Dispose()
    {
        foreach (NativeBuffer buffer in _buffers)
        {
            buffer.Dispose();
        }
    }
}
