namespace KvScheduling.ManagedEngine.Tests;

public sealed unsafe class PackedMatrixTests
{
    [Theory]
    [InlineData(8)]
    [InlineData(16)]
    [InlineData(32)]
    public void GatherRow_Float32_GivesTheSourceRow(int panelWidth)
    {
        float[][] rows = FakeWeights.RandomRows(37, 48, seed: 1);
        Assert.All(Gather(rows, StoredFormat.Float32, panelWidth).Zip(rows), pair => Assert.Equal(pair.Second, pair.First));
    }

    [Fact]
    public void GatherRow_BFloat16_RoundsToNearest()
    {
        float[][] rows = FakeWeights.RandomRows(5, 32, seed: 2);
        foreach ((float[] actual, float[] expected) in Gather(rows, StoredFormat.BFloat16, 16).Zip(rows))
        {
            Assert.All(actual.Zip(expected), pair => Assert.InRange(Math.Abs(pair.First - pair.Second), 0, Math.Abs(pair.Second) / 256));
        }
    }

    [Theory]
    [InlineData(nameof(StoredFormat.Int8), 127.0)]
    [InlineData(nameof(StoredFormat.Int4), 7.0)]
    public void GatherRow_Quantized_IsWithinHalfAStep(string format, double levels)
    {
        float[][] rows = FakeWeights.RandomRows(40, 64, seed: 3);
        foreach ((float[] actual, float[] expected) in Gather(rows, Enum.Parse<StoredFormat>(format), 16).Zip(rows))
        {
            for (int k = 0; k < 64; k++)
            {
                // The end of the 4-bit range that is one step short may clip by up to one step.
                double step = expected.Skip(k / 32 * 32).Take(32).Max(Math.Abs) / levels;
                Assert.InRange(Math.Abs(actual[k] - expected[k]), 0, levels == 7 ? 1.001 * step : 0.501 * step);
            }
        }
    }

    [Fact]
    public void GatherRow_Int4Source_KeepsEveryBit()
    {
        Random random = new(4);
        byte[][] packed = Enumerable.Range(0, 33).Select(_ => Enumerable.Range(0, 32).Select(_ => (byte)random.Next(256)).ToArray()).ToArray();
        float[][] scales = Enumerable.Range(0, 33).Select(_ => new[] { random.NextSingle(), -random.NextSingle() }).ToArray();
        FakeWeights source = new();
        source.AddInt4("m", packed, scales);
        foreach (int width in new[] { 8, 16, 32 })
        {
            using NativeArena arena = new();
            PackedMatrix matrix = new(arena, 33, 64, width, StoredFormat.Int4, hasBias: false);
            new MatrixPacker(source).Pack(matrix, output => new WeightRow("m", output));
            float[] row = new float[64];
            float[] expected = new float[64];
            for (int output = 0; output < 33; output++)
            {
                fixed (float* p = row)
                {
                    matrix.GatherRow(output, p);
                }

                source.ReadRow("m", output, expected);
                Assert.Equal(expected, row);
            }
        }
    }

    [Fact]
    public void GatherRow_OutsideTheMatrix_Throws()
    {
        using NativeArena arena = new();
        PackedMatrix matrix = new(arena, 3, 32, 16, StoredFormat.Float32, hasBias: false);
        float[] row = new float[32];
        Assert.Throws<ArgumentOutOfRangeException>(() => GatherInto(matrix, 3, row));
        Assert.Throws<ArgumentOutOfRangeException>(() => GatherInto(matrix, -1, row));
    }

    [Fact]
    public void Constructor_InputsThatGroupsDoNotDivide_NamesTheFormatAndTheWayOut()
    {
        using NativeArena arena = new();
        NotSupportedException e = Assert.Throws<NotSupportedException>(() => new PackedMatrix(arena, 4, 48, 16, StoredFormat.Int8, hasBias: false));
        Assert.Contains("48", e.Message, StringComparison.Ordinal);
        Assert.Contains("BFloat16", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1.0f, 0x3F80)]
    [InlineData(1.00390625f, 0x3F80)]
    [InlineData(1.01171875f, 0x3F82)]
    [InlineData(-2.5f, 0xC020)]
    [InlineData(float.PositiveInfinity, 0x7F80)]
    [InlineData(float.NaN, 0xFFC0)]
    public void ToBFloat16_TiesAndSpecials_RoundToEven(float value, int bits) => Assert.Equal(bits, Quantization.ToBFloat16(value));

    [Fact]
    public void Quantization_GroupOfZeros_StaysZero()
    {
        Assert.Equal(0, Quantization.ToInt8(0, Quantization.Int8Scale(new float[32])));
        byte[] nibbles = new byte[16];
        float[] scales = [9];
        Quantization.ToInt4(new float[32], nibbles, scales);
        Assert.All(nibbles, b => Assert.Equal(0x88, b));
        Assert.Equal(0, scales[0]);
    }

    private static void GatherInto(PackedMatrix matrix, int output, float[] row)
    {
        fixed (float* p = row)
        {
            matrix.GatherRow(output, p);
        }
    }

    private static List<float[]> Gather(float[][] rows, StoredFormat format, int panelWidth)
    {
        using NativeArena arena = new();
        FakeWeights source = new();
        source.Add("m", rows);
        PackedMatrix matrix = new(arena, rows.Length, rows[0].Length, panelWidth, format, hasBias: false);
        new MatrixPacker(source).Pack(matrix, output => new WeightRow("m", output));
        List<float[]> result = [];
        for (int output = 0; output < rows.Length; output++)
        {
            result.Add(new float[rows[0].Length]);
            GatherInto(matrix, output, result[^1]);
        }

        return result;
    }
}
