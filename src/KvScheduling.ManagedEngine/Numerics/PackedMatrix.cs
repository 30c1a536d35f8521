using System.Runtime.CompilerServices;

namespace KvScheduling.ManagedEngine;

/// <summary>A weight matrix laid out for the kernels: panels two vectors of outputs wide, k-major within a panel.</summary>
/// <remarks>
/// Data is <c>[panel][k][panel width]</c>, scales are <c>[panel][k / 32][panel width]</c>. A k-row of 4-bit weights is half as many bytes as the panel is wide:
/// low nibbles are the first vector, high nibbles the second. Outputs beyond the last are zero weights.
/// </remarks>
internal sealed unsafe class PackedMatrix
{
    /// <summary>How many inputs share a scale.</summary>
    public const int GroupSize = 32;

    private readonly byte* _data;
    private readonly float* _scales;
    private readonly float* _bias;
    private readonly nint _panelBytes;
    private readonly nint _panelScales;

    /// <summary>Allocates a matrix of zeros; <see cref="MatrixPacker"/> fills it.</summary>
    public PackedMatrix(NativeArena arena, int outputs, int inputs, int panelWidth, StoredFormat format, bool hasBias)
    {
        Outputs = outputs;
        Inputs = inputs;
        PanelWidth = panelWidth;
        Format = format;
        PanelCount = (outputs + panelWidth - 1) / panelWidth;
        if (IsScaled && inputs % GroupSize != 0)
        {
            throw new NotSupportedException(
                $"A matrix with {inputs} inputs can't be stored as {format}, which needs a multiple of {GroupSize}; choose {nameof(WeightFormat)}.{nameof(WeightFormat.Float32)} or {nameof(WeightFormat.BFloat16)}.");
        }

        _panelBytes = (nint)inputs * RowBytes;
        _panelScales = IsScaled ? inputs / GroupSize * (nint)panelWidth : 0;
        _data = arena.Allocate(PanelCount * (long)_panelBytes, "weights");
        _scales = IsScaled ? arena.Floats(PanelCount * (long)_panelScales, "weight scales") : null;
        _bias = hasBias ? arena.Floats((long)PanelCount * panelWidth, "biases") : null;
    }

    public int Outputs { get; }

    public int Inputs { get; }

    /// <summary>Outputs per panel: two vectors.</summary>
    public int PanelWidth { get; }

    public int PanelCount { get; }

    public StoredFormat Format { get; }

    public bool IsScaled => Format is StoredFormat.Int8 or StoredFormat.Int4;

    /// <summary>Outputs rounded up to whole panels: what a row of the result has room for.</summary>
    public int PaddedOutputs => PanelCount * PanelWidth;

    /// <summary>Bytes that one product reads.</summary>
    public long Bytes => PanelCount * (_panelBytes + (_panelScales * sizeof(float)));

    /// <summary>Bytes of a k-row of a panel.</summary>
    public int RowBytes => Format switch
    {
        StoredFormat.Float32 => PanelWidth * 4,
        StoredFormat.BFloat16 => PanelWidth * 2,
        StoredFormat.Int8 => PanelWidth,
        _ => PanelWidth / 2,
    };

    public byte* PanelData(int panel) => _data + (panel * _panelBytes);

    public float* PanelScales(int panel) => _scales + (panel * _panelScales);

    public nint PanelBytes => _panelBytes;

    public nint PanelScaleCount => _panelScales;

    /// <summary>The biases, padded with zeros; null when there are none.</summary>
    public float* Bias => _bias;

    /// <summary>Writes the weights of one output as float32: how an embedding is looked up in the output head that it is tied to.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void GatherRow(int output, float* destination)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)output, (uint)Outputs);
        byte* data = PanelData(output / PanelWidth);
        float* scales = PanelScales(output / PanelWidth);
        int lane = output % PanelWidth;
        int half = PanelWidth / 2;
        switch (Format)
        {
            case StoredFormat.Float32:
                for (nint k = 0; k < Inputs; k++)
                {
                    destination[k] = ((float*)data)[(k * PanelWidth) + lane];
                }

                break;
            case StoredFormat.BFloat16:
                for (nint k = 0; k < Inputs; k++)
                {
                    destination[k] = BitConverter.UInt32BitsToSingle((uint)((ushort*)data)[(k * PanelWidth) + lane] << 16);
                }

                break;
            case StoredFormat.Int8:
                for (nint k = 0; k < Inputs; k++)
                {
                    destination[k] = ((sbyte*)data)[(k * PanelWidth) + lane] * scales[(k / GroupSize * PanelWidth) + lane];
                }

                break;
            default:
                int shift = lane < half ? 0 : 4;
                for (nint k = 0; k < Inputs; k++)
                {
                    int q = (data[(k * half) + (lane % half)] >> shift) & 15;
                    destination[k] = (q - 8) * scales[(k / GroupSize * PanelWidth) + lane];
                }

                break;
        }
    }
}
