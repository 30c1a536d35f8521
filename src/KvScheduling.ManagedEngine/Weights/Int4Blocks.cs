namespace KvScheduling.ManagedEngine;

/// <summary>
/// The 4-bit form of <c>MatMulNBits</c>: rows of blocks of 32 values, even positions in the low nibble, each block with one scale; a value stands for (q - 8)
/// · scale.
/// </summary>
internal static class Int4Blocks
{
    public const int BlockSize = 32;
    private const int Zero = 8;

    public static int PackedBytes(int columns) => columns / 2;

    public static int Scales(int columns) => columns / BlockSize;

    public static void Widen(ReadOnlySpan<byte> packed, ReadOnlySpan<float> scales, Span<float> destination)
    {
        for (int block = 0; block < scales.Length; block++)
        {
            float scale = scales[block];
            ReadOnlySpan<byte> source = packed.Slice(block * (BlockSize / 2), BlockSize / 2);
            Span<float> target = destination.Slice(block * BlockSize, BlockSize);
            for (int i = 0; i < source.Length; i++)
            {
                target[2 * i] = ((source[i] & 0xF) - Zero) * scale;
                target[(2 * i) + 1] = ((source[i] >> 4) - Zero) * scale;
            }
        }
    }
}
