namespace KvScheduling.ManagedEngine;

/// <summary>From float32 to narrower weights.</summary>
internal static class Quantization
{
    /// <summary>To the nearest bfloat16, ties to even. NaN stays NaN.</summary>
    public static ushort ToBFloat16(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return float.IsNaN(value) ? (ushort)((bits >> 16) | 0x40) : (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }

    /// <summary>Symmetric by the greatest magnitude: ±127.</summary>
    public static float Int8Scale(ReadOnlySpan<float> group)
    {
        float greatest = 0;
        foreach (float value in group)
        {
            greatest = MathF.Max(greatest, MathF.Abs(value));
        }

        return greatest / 127;
    }

    public static sbyte ToInt8(float value, float scale) => scale == 0 ? (sbyte)0 : (sbyte)Math.Clamp(MathF.Round(value / scale), -127, 127);

    /// <summary>In groups of 32, as the 4-bit blocks of ONNX's MatMulNBits: the value of greatest magnitude becomes -8, and the range is -8 to 7.</summary>
    /// <param name="values">A multiple of 32.</param>
    /// <param name="nibbles">Half as many bytes, even k in the low nibble; values 0 to 15 stand for -8 to 7.</param>
    /// <param name="scales">One per group.</param>
    public static void ToInt4(ReadOnlySpan<float> values, Span<byte> nibbles, Span<float> scales)
    {
        for (int g = 0; g < values.Length / PackedMatrix.GroupSize; g++)
        {
            ReadOnlySpan<float> group = values.Slice(g * PackedMatrix.GroupSize, PackedMatrix.GroupSize);
            float extreme = 0;
            foreach (float value in group)
            {
                extreme = MathF.Abs(value) > MathF.Abs(extreme) ? value : extreme;
            }

            float scale = extreme / -8;
            scales[g] = scale;
            for (int k = 0; k < group.Length; k += 2)
            {
                nibbles[((g * PackedMatrix.GroupSize) + k) / 2] = (byte)(ToNibble(group[k], scale) | (ToNibble(group[k + 1], scale) << 4));
            }
        }
    }

    private static int ToNibble(float value, float scale) => scale == 0 ? 8 : (int)Math.Clamp(MathF.Round(value / scale) + 8, 0, 15);
}
