namespace KvScheduling.ManagedEngine;

/// <summary>Chooses the vector width. Bits do not depend on it, only speed does.</summary>
internal static class VectorWidth
{
    /// <summary>The widest vectors that the machine has, that the limit allows and whose panels divide the head size.</summary>
    /// <param name="headSize">Floats of one attention head.</param>
    /// <param name="maxBits">The limit in bits.</param>
    /// <returns>Lanes of float32: 16, 8 or 4.</returns>
    /// <exception cref="PlatformNotSupportedException">The machine has no fused multiply-add.</exception>
    /// <exception cref="NotSupportedException">No width divides the head size.</exception>
    public static int ChooseLanes(int headSize, int maxBits)
    {
        if (!Lanes4.IsSupported && !Lanes8.IsSupported && !Lanes16.IsSupported)
        {
            throw new PlatformNotSupportedException(
                "The managed engine needs a processor with hardware fused multiply-add (x86-64 with FMA3 and AVX, or 64-bit ARM); this one has none. "
                + "In software every multiply-add is a library call and a model would be a thousand times slower. Use another engine on this machine.");
        }

        if (Lanes16.IsSupported && maxBits >= 512 && headSize % 32 == 0)
        {
            return 16;
        }

        if (Lanes8.IsSupported && maxBits >= 256 && headSize % 16 == 0)
        {
            return 8;
        }

        if (headSize % 16 == 0)
        {
            return 4;
        }

        throw new NotSupportedException($"The model's head size is {headSize}; the managed engine needs a multiple of 16.");
    }
}
