using System.Runtime.CompilerServices;

namespace KvScheduling.ManagedEngine;

/// <summary>Fills a packed matrix, panel by panel, and rounds where the matrix's format is narrower than its source.</summary>
internal sealed unsafe class MatrixPacker
{
    private readonly IWeightSource _source;
    private float[] _rows = [];
    private byte[] _nibbles = [];
    private float[] _scales = [];

    public MatrixPacker(IWeightSource source) => _source = source;

    /// <summary>Fills the matrix.</summary>
    /// <param name="matrix">The matrix, still zero.</param>
    /// <param name="rowOf">The source of each output; a row below 0 stands for padding.</param>
    public void Pack(PackedMatrix matrix, Func<int, WeightRow> rowOf)
    {
        int inputs = matrix.Inputs;
        if (_rows.Length < inputs)
        {
            _rows = new float[inputs];
            _nibbles = new byte[(inputs + 1) / 2];
            _scales = new float[(inputs + PackedMatrix.GroupSize - 1) / PackedMatrix.GroupSize];
        }

        for (int output = 0; output < matrix.PaddedOutputs; output++)
        {
            WeightRow row = output < matrix.Outputs ? rowOf(output) : WeightRow.Padding;
            if (row.IsPadding)
            {
                PackPadding(matrix, output);
            }
            else if (matrix.Format == StoredFormat.Int4 && _source.IsInt4(row.Name))
            {
                _source.ReadInt4Row(row.Name, row.Row, _nibbles.AsSpan(0, inputs / 2), _scales.AsSpan(0, inputs / PackedMatrix.GroupSize));
                StoreInt4(matrix, output, _nibbles, _scales);
            }
            else
            {
                Span<float> values = _rows.AsSpan(0, inputs);
                _source.ReadRow(row.Name, row.Row, values);
                Store(matrix, output, values);
            }
        }
    }

    private void Store(PackedMatrix matrix, int output, ReadOnlySpan<float> values)
    {
        switch (matrix.Format)
        {
            case StoredFormat.Float32:
                StoreFloat32(matrix, output, values);
                break;
            case StoredFormat.BFloat16:
                StoreBFloat16(matrix, output, values);
                break;
            case StoredFormat.Int8:
                StoreInt8(matrix, output, values);
                break;
            default:
                Quantization.ToInt4(values, _nibbles, _scales);
                StoreInt4(matrix, output, _nibbles, _scales);
                break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void StoreFloat32(PackedMatrix matrix, int output, ReadOnlySpan<float> values)
    {
        float* to = (float*)matrix.PanelData(output / matrix.PanelWidth) + (output % matrix.PanelWidth);
        nint width = matrix.PanelWidth;
        foreach (float value in values)
        {
            *to = value;
            to += width;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void StoreBFloat16(PackedMatrix matrix, int output, ReadOnlySpan<float> values)
    {
        ushort* to = (ushort*)matrix.PanelData(output / matrix.PanelWidth) + (output % matrix.PanelWidth);
        nint width = matrix.PanelWidth;
        foreach (float value in values)
        {
            *to = Quantization.ToBFloat16(value);
            to += width;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void StoreInt8(PackedMatrix matrix, int output, ReadOnlySpan<float> values)
    {
        int lane = output % matrix.PanelWidth;
        sbyte* to = (sbyte*)matrix.PanelData(output / matrix.PanelWidth) + lane;
        float* scales = matrix.PanelScales(output / matrix.PanelWidth) + lane;
        nint width = matrix.PanelWidth;
        for (int k = 0; k < values.Length; k += PackedMatrix.GroupSize, scales += width)
        {
            ReadOnlySpan<float> group = values.Slice(k, PackedMatrix.GroupSize);
            float scale = Quantization.Int8Scale(group);
            *scales = scale;
            foreach (float value in group)
            {
                *to = Quantization.ToInt8(value, scale);
                to += width;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void StoreInt4(PackedMatrix matrix, int output, ReadOnlySpan<byte> nibbles, ReadOnlySpan<float> scales)
    {
        int lane = output % matrix.PanelWidth;
        nint half = matrix.PanelWidth / 2;
        int shift = lane < half ? 0 : 4;
        byte* to = matrix.PanelData(output / matrix.PanelWidth) + (lane % half);
        for (int k = 0; k < matrix.Inputs; k++)
        {
            int q = (nibbles[k / 2] >> (k % 2 * 4)) & 15;
            *to |= (byte)(q << shift);
            to += half;
        }

        float* scalesTo = matrix.PanelScales(output / matrix.PanelWidth) + lane;
        for (int g = 0; g < matrix.Inputs / PackedMatrix.GroupSize; g++)
        {
            scalesTo[g * (nint)matrix.PanelWidth] = scales[g];
        }
    }

    /// <summary>Zeros mean zero in every format but the 4-bit one, where they mean -8.</summary>
    private void PackPadding(PackedMatrix matrix, int output)
    {
        if (matrix.Format == StoredFormat.Int4)
        {
            _nibbles.AsSpan().Fill(0x88);
            _scales.AsSpan().Clear();
            StoreInt4(matrix, output, _nibbles, _scales);
        }
    }
}

/// <summary>Where the weights of one output come from.</summary>
/// <param name="Name">The tensor.</param>
/// <param name="Row">Its row; below 0 for padding.</param>
internal readonly record struct WeightRow(string Name, int Row)
{
    public static WeightRow Padding => new("", -1);

    public bool IsPadding => Row < 0;
}
