namespace KvScheduling.ManagedEngine.Tests;

/// <summary>The rule that exactness rests on: one chain of fused multiply-adds per output, whatever kernel computes it.</summary>
public sealed class MatrixProductTests
{
    private const int MaxRows = 70;
    private const int Inputs = 96;
    private const int Outputs = 75;

    public static TheoryData<string> Formats => [nameof(StoredFormat.Float32), nameof(StoredFormat.BFloat16), nameof(StoredFormat.Int8), nameof(StoredFormat.Int4)];

    [Theory]
    [MemberData(nameof(Formats))]
    public void Compute_EveryRowCountAndWidth_EqualsTheScalarChainToTheBit(string format) =>
        Widths.ForEach(new ChainCheck(Enum.Parse<StoredFormat>(format), HasBias: false, Accumulate: false));

    [Theory]
    [MemberData(nameof(Formats))]
    public void Compute_BiasAndResidual_AreAddedAfterTheChain(string format) =>
        Widths.ForEach(new ChainCheck(Enum.Parse<StoredFormat>(format), HasBias: true, Accumulate: true));

    [Theory]
    [MemberData(nameof(Formats))]
    public void Compute_PanelsInAnyShares_GiveTheSame(string format) => Widths.ForEach(new ShareCheck(Enum.Parse<StoredFormat>(format)));

    private static unsafe PackedMatrix Pack(NativeArena arena, StoredFormat format, int lanes, bool hasBias)
    {
        FakeWeights source = new();
        source.Add("m", FakeWeights.RandomRows(Outputs, Inputs, seed: 5));
        PackedMatrix matrix = new(arena, Outputs, Inputs, 2 * lanes, format, hasBias);
        new MatrixPacker(source).Pack(matrix, output => new WeightRow("m", output));
        for (int i = 0; hasBias && i < Outputs; i++)
        {
            matrix.Bias[i] = (i % 7) - 3.1f;
        }

        return matrix;
    }

    private static unsafe float* RandomInput(NativeArena arena) => arena.Copy(FakeWeights.RandomRows(1, MaxRows * Inputs, seed: 6)[0], "test");

    private static unsafe float Chain(PackedMatrix matrix, int output, float* input)
    {
        float* weights = stackalloc float[Inputs];
        matrix.GatherRow(output, weights);
        float sum = 0;
        for (int k = 0; k < Inputs; k++)
        {
            sum = MathF.FusedMultiplyAdd(weights[k], input[k], sum);
        }

        return sum;
    }

    private sealed record ChainCheck(StoredFormat Format, bool HasBias, bool Accumulate) : IWidthCheck
    {
        public unsafe void Run<TLanes>()
            where TLanes : struct, ILanes<TLanes>
        {
            using NativeArena arena = new();
            PackedMatrix matrix = Pack(arena, Format, TLanes.Count, HasBias);
            float* input = RandomInput(arena);
            float* scratch = arena.Floats(MatrixProduct<TLanes>.ScratchFloats(Inputs), "test");
            float[,] expected = new float[MaxRows, Outputs];
            for (int row = 0; row < MaxRows; row++)
            {
                for (int output = 0; output < Outputs; output++)
                {
                    expected[row, output] = Chain(matrix, output, input + (row * Inputs));
                    expected[row, output] = Accumulate ? (row + 0.3f) + expected[row, output] : expected[row, output];
                    expected[row, output] += HasBias ? matrix.Bias[output] : 0f;
                }
            }

            int stride = matrix.PaddedOutputs;
            float* result = arena.Floats((long)MaxRows * stride, "test");
            for (int rows = 1; rows <= MaxRows; rows++)
            {
                for (int i = 0; i < rows * stride; i++)
                {
                    result[i] = (i / stride) + 0.3f;
                }

                MatrixProduct<TLanes>.Compute(matrix, 0, matrix.PanelCount, input, Inputs, rows, result, stride, Accumulate, scratch);
                for (int row = 0; row < rows; row++)
                {
                    for (int output = 0; output < Outputs; output++)
                    {
                        float actual = result[(row * stride) + output];
                        Assert.True(
                            BitConverter.SingleToInt32Bits(expected[row, output]) == BitConverter.SingleToInt32Bits(actual),
                            $"{Format}, {TLanes.Count} lanes, {rows} rows, row {row}, output {output}: {expected[row, output]:R} expected, {actual:R} computed");
                    }
                }
            }
        }
    }

    private sealed record ShareCheck(StoredFormat Format) : IWidthCheck
    {
        public unsafe void Run<TLanes>()
            where TLanes : struct, ILanes<TLanes>
        {
            using NativeArena arena = new();
            PackedMatrix matrix = Pack(arena, Format, TLanes.Count, hasBias: true);
            float* input = RandomInput(arena);
            float* scratch = arena.Floats(MatrixProduct<TLanes>.ScratchFloats(Inputs), "test");
            int count = matrix.PaddedOutputs;
            float* whole = arena.Floats(count, "test");
            float* shared = arena.Floats(count, "test");
            MatrixProduct<TLanes>.Compute(matrix, 0, matrix.PanelCount, input, Inputs, 1, whole, count, accumulate: false, scratch);
            for (int share = 1; share <= matrix.PanelCount; share++)
            {
                new Span<float>(shared, count).Fill(float.NaN);
                for (int panel = 0; panel < matrix.PanelCount; panel += share)
                {
                    MatrixProduct<TLanes>.Compute(matrix, panel, Math.Min(share, matrix.PanelCount - panel), input, Inputs, 1, shared, count, accumulate: false, scratch);
                }

                Assert.True(new Span<float>(whole, Outputs).SequenceEqual(new Span<float>(shared, Outputs)));
            }
        }
    }
}
